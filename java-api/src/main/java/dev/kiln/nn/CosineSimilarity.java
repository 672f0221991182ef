package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Norms;

/** The cosine of the angle between vectors along an axis, broadcast. */
public final class CosineSimilarity extends PairModule {
  private final int dim;
  private final double eps;

  /** Takes PyTorch's defaults, axis 1 and eps 1e-8. */
  public CosineSimilarity() {
    this(1, 1e-8);
  }

  /**
   * Makes the layer.
   *
   * @param dim the axis; a negative one counts from the end
   * @param eps the least norm
   */
  public CosineSimilarity(int dim, double eps) {
    this.dim = dim;
    this.eps = eps;
  }

  @Override
  Tensor forward(Tensor x1, Tensor x2) {
    return Norms.cosineSimilarity(x1, x2, dim, eps);
  }

  @Override
  protected String extraRepr() {
    return "dim=" + dim + ", eps=" + eps;
  }
}
