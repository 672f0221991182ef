package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Activations;

/** Softmax of -x along an axis. */
public final class Softmin extends Module {
  private final int dim;

  /**
   * Makes the layer.
   *
   * @param dim the axis; a negative one counts from the end
   */
  public Softmin(int dim) {
    this.dim = dim;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Activations.softmin(x, dim);
  }

  @Override
  protected String extraRepr() {
    return "dim=" + dim;
  }
}
