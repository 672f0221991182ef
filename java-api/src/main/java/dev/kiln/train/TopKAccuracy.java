package dev.kiln.train;

import dev.kiln.KilnException;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.RankSpec;
import dev.kiln.ops.Losses;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The share of examples whose right class is among the k highest scores.
 *
 * <p>Of equal scores those of lower class numbers rank first, so that k = 1 is {@link Accuracy}; a
 * NaN ranks above every number, and a right class whose own score is NaN is never a hit. Ranks are
 * counted, not sorted. Outputs and targets are those of {@link Accuracy}.
 */
public final class TopKAccuracy implements Metric {
  private final int k;
  private final Hits hits;

  private TopKAccuracy(int k) {
    this.k = k;
    this.hits = new Hits(name());
  }

  /**
   * Makes the metric.
   *
   * @param k how many classes may be guessed, 1 or more
   * @return the metric, named {@code top5_accuracy} for k = 5
   * @throws KilnException if k is less than 1
   */
  public static TopKAccuracy of(int k) {
    if (k < 1) {
      throw new KilnException("[top_k_accuracy] k " + k + " must be 1 or more");
    }
    return new TopKAccuracy(k);
  }

  @Override
  public String name() {
    return "top" + k + "_accuracy";
  }

  @Override
  public void update(Tensor output, Tensor target) {
    try (NoGrad off = NoGrad.open()) {
      Tensor labels = Classes.labels(name(), output, target);
      long classes = output.size(1);
      if (k > classes) {
        throw new ShapeException(
            "[%s] output %s has only %d classes; choose k of %d or less"
                .formatted(name(), output.describe(), classes, classes));
      }
      hits.add(output, labels, new RankSpec(k, Losses.IGNORE_INDEX, false));
    }
  }

  @Override
  public double compute() {
    return hits.share();
  }

  @Override
  public void reset() {
    hits.reset();
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    hits.save(state);
    return state;
  }

  @Override
  public void restore(Map<String, Tensor> saved) {
    hits.restore(saved);
  }
}
