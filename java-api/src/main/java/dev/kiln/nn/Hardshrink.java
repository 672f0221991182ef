package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Activations;

/** x outside -lambda .. lambda, 0 inside and at the limits. */
public final class Hardshrink extends Module {
  private final double lambda;

  /** Takes PyTorch's default, 0.5. */
  public Hardshrink() {
    this(0.5);
  }

  /**
   * Makes the layer.
   *
   * @param lambda the limit
   */
  public Hardshrink(double lambda) {
    this.lambda = lambda;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Activations.hardshrink(x, lambda);
  }

  @Override
  protected String extraRepr() {
    return String.valueOf(lambda);
  }
}
