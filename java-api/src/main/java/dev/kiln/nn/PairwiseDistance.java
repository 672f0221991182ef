package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Norms;

/** The p-norm of {@code x1 - x2 + eps} along the last axis. */
public final class PairwiseDistance extends PairModule {
  private final double p;
  private final double eps;
  private final boolean keepdim;

  /** Takes PyTorch's defaults: p 2, eps 1e-6, the axis removed. */
  public PairwiseDistance() {
    this(2, 1e-6, false);
  }

  /**
   * Makes the layer.
   *
   * @param p the order of the norm
   * @param eps added to each difference
   * @param keepdim whether the last axis stays with size 1
   */
  public PairwiseDistance(double p, double eps, boolean keepdim) {
    this.p = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  @Override
  Tensor forward(Tensor x1, Tensor x2) {
    Tensor y = Norms.pairwiseDistance(x1, x2, p, eps);
    return keepdim ? y.unsqueeze(-1) : y;
  }

  @Override
  protected String extraRepr() {
    return "p=" + p + ", eps=" + eps + ", keepdim=" + keepdim;
  }
}
