package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** x above 0, {@code negativeSlope x} below. */
public final class LeakyReLU extends Module {
  private final double negativeSlope;

  /** Takes PyTorch's default, 0.01. */
  public LeakyReLU() {
    this(0.01);
  }

  /**
   * Makes the layer.
   *
   * @param negativeSlope the slope below 0
   */
  public LeakyReLU(double negativeSlope) {
    this.negativeSlope = negativeSlope;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.leakyRelu(x, negativeSlope);
  }

  @Override
  protected String extraRepr() {
    return "negative_slope=" + negativeSlope;
  }
}
