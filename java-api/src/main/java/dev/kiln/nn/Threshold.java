package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Activations;

/** x above a threshold, a constant elsewhere. */
public final class Threshold extends Module {
  private final double threshold;
  private final double value;

  /**
   * Makes the layer.
   *
   * @param threshold the threshold
   * @param value the constant
   */
  public Threshold(double threshold, double value) {
    this.threshold = threshold;
    this.value = value;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Activations.threshold(x, threshold, value);
  }

  @Override
  protected String extraRepr() {
    return "threshold=" + threshold + ", value=" + value;
  }
}
