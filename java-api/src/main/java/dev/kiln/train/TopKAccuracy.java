package dev.kiln.train;

import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.ops.Elementwise;
import dev.kiln.ops.Indexing;
import dev.kiln.ops.Losses;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The share of examples whose right class is among the k highest scores.
 *
 * <p>Of equal scores those of lower class numbers rank first, so that k = 1 is {@link Accuracy}; a
 * NaN ranks above every number, and a right class whose own score is NaN is never a hit. Ranks are
 * counted, not sorted. Outputs and targets are those of {@link Accuracy}.
 */
public final class TopKAccuracy implements Metric {
  private final int k;
  private final Accumulator right;
  private final Accumulator all;
  private Optional<Tensor> numbers = Optional.empty();

  private TopKAccuracy(int k) {
    this.k = k;
    this.right = Accumulator.counts(name());
    this.all = Accumulator.counts(name());
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
      Tensor counted = labels.ne(Losses.IGNORE_INDEX);
      Tensor at = labels.where(counted, Tensor.scalar(0, labels.dtype(), labels.device()));
      at = at.unsqueeze(1);
      Tensor score = Indexing.gather(output, 1, at);
      Tensor notAbove = output.le(score);
      Tensor tiedBefore = Elementwise.logicalAnd(output.eq(score), numbers(output).lt(at));
      // rank = classes - notAbove + tiedBefore: a NaN is never notAbove, so it ranks first
      Tensor rank = tiedBefore.sum(1).sub(notAbove.sum(1));
      right.add(Elementwise.logicalAnd(rank.lt(k - classes), counted).sum());
      all.add(counted.sum());
    }
  }

  /** The class numbers along axis 1, made once: nothing is uploaded during a step. */
  private Tensor numbers(Tensor output) {
    long classes = output.size(1);
    if (numbers.isEmpty()
        || numbers.get().numel() != classes
        || !numbers.get().device().equals(output.device())) {
      numbers = Optional.of(Scope.outside(() -> Tensor.arange(classes, output.device())));
    }
    long[] dims = new long[output.dim()];
    Arrays.fill(dims, 1);
    dims[1] = classes;
    return numbers.get().reshape(dims);
  }

  @Override
  public double compute() {
    return right.read()[0] / all.read()[0];
  }

  @Override
  public void reset() {
    right.reset();
    all.reset();
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    right.save(state, "right");
    all.save(state, "all");
    return state;
  }

  @Override
  public void restore(Map<String, Tensor> saved) {
    right.restore(saved, "right");
    all.restore(saved, "all");
  }
}
