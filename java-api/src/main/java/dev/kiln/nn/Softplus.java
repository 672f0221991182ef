package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** {@code ln(1 + e^(beta x)) / beta}, and x itself where beta x is above a threshold. */
public final class Softplus extends Module {
  private final double beta;
  private final double threshold;

  /** Takes PyTorch's defaults, beta 1 and threshold 20. */
  public Softplus() {
    this(1, 20);
  }

  /**
   * Makes the layer.
   *
   * @param beta how sharply it bends
   * @param threshold where it becomes a line
   */
  public Softplus(double beta, double threshold) {
    this.beta = beta;
    this.threshold = threshold;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.softplus(x, beta, threshold);
  }

  @Override
  protected String extraRepr() {
    return "beta=" + beta + ", threshold=" + threshold;
  }
}
