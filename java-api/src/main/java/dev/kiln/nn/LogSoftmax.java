package dev.kiln.nn;

import dev.kiln.Tensor;

/** {@code ln(softmax(x))} along an axis, exact where softmax underflows. */
public final class LogSoftmax extends Module {
  private final int dim;

  /**
   * Makes the layer.
   *
   * @param dim the axis; a negative one counts from the end
   */
  public LogSoftmax(int dim) {
    this.dim = dim;
  }

  @Override
  public Tensor forward(Tensor x) {
    return dev.kiln.ops.Softmax.logSoftmax(x, dim);
  }

  @Override
  protected String extraRepr() {
    return "dim=" + dim;
  }
}
