package dev.kiln.nn;

import dev.kiln.Tensor;

/** {@code e^x / sum(e^x)} along an axis. */
public final class Softmax extends Module {
  private final int dim;

  /**
   * Makes the layer.
   *
   * @param dim the axis; a negative one counts from the end
   */
  public Softmax(int dim) {
    this.dim = dim;
  }

  @Override
  public Tensor forward(Tensor x) {
    return dev.kiln.ops.Softmax.softmax(x, dim);
  }

  @Override
  protected String extraRepr() {
    return "dim=" + dim;
  }
}
