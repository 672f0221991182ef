package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** x above 0, {@code alpha (e^x - 1)} below; Clevert et al. 2015. */
public final class ELU extends Module {
  private final double alpha;

  /** Takes PyTorch's default, 1.0. */
  public ELU() {
    this(1.0);
  }

  /**
   * Makes the layer.
   *
   * @param alpha minus the limit for small x
   */
  public ELU(double alpha) {
    this.alpha = alpha;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.elu(x, alpha);
  }

  @Override
  protected String extraRepr() {
    return "alpha=" + alpha;
  }
}
