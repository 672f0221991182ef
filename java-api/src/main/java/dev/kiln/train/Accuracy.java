package dev.kiln.train;

import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.RankSpec;
import dev.kiln.ops.Losses;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The share of examples whose highest score is at the right class; of equal scores the first
 * counts.
 *
 * <p>Outputs are scores [N,C] or [N,C,...]; targets are labels [N] or [N,...], or probabilities of
 * the outputs' shape, of which the largest is taken. Examples labelled {@link Losses#IGNORE_INDEX}
 * do not count.
 */
public final class Accuracy implements Metric {
  private static final RankSpec HIGHEST = new RankSpec(1, Losses.IGNORE_INDEX, true);

  private final Hits hits = new Hits("accuracy");

  @Override
  public String name() {
    return "accuracy";
  }

  @Override
  public void update(Tensor output, Tensor target) {
    try (NoGrad off = NoGrad.open()) {
      hits.add(output, Classes.labels(name(), output, target), HIGHEST);
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
