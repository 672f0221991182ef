package dev.kiln.train;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The share of elements on the right side of a threshold, for one score per yes-or-no question.
 *
 * <p>Outputs and targets have one shape; a target above 0.5 means yes.
 */
public final class BinaryAccuracy implements Metric {
  private final double threshold;
  private final Accumulator right = Accumulator.counts("binary_accuracy");
  private final Accumulator all = Accumulator.counts("binary_accuracy");

  private BinaryAccuracy(double threshold) {
    this.threshold = threshold;
  }

  /**
   * Judges logits, as {@code BCEWithLogitsLoss} takes them: above 0 means yes.
   *
   * @return the metric
   */
  public static BinaryAccuracy ofLogits() {
    return new BinaryAccuracy(0);
  }

  /**
   * Judges probabilities.
   *
   * @param threshold above it means yes
   * @return the metric
   */
  public static BinaryAccuracy ofProbabilities(double threshold) {
    return new BinaryAccuracy(threshold);
  }

  @Override
  public String name() {
    return "binary_accuracy";
  }

  @Override
  public void update(Tensor output, Tensor target) {
    if (!output.shape().equals(target.shape())) {
      throw new ShapeException(
          "[binary_accuracy] output %s and target %s must have one shape"
              .formatted(output.describe(), target.describe()));
    }
    try (NoGrad off = NoGrad.open()) {
      Tensor hits = output.gt(threshold).eq(target.gt(0.5));
      right.add(hits.sum());
      all.add(Tensor.scalar(output.numel(), dev.kiln.DType.INT64, output.device()));
    }
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
