package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** x above 0, {@code alpha (e^(x / alpha) - 1)} below; Barron 2017. */
public final class CELU extends Module {
  private final double alpha;

  /** Takes PyTorch's default, 1.0. */
  public CELU() {
    this(1.0);
  }

  /**
   * Makes the layer.
   *
   * @param alpha minus the limit for small x
   */
  public CELU(double alpha) {
    this.alpha = alpha;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.celu(x, alpha);
  }

  @Override
  protected String extraRepr() {
    return "alpha=" + alpha;
  }
}
