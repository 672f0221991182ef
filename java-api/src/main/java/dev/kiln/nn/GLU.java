package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Activations;

/** Halves an axis and gates the first half by the second; Dauphin et al. 2016. */
public final class GLU extends Module {
  private final int dim;

  /** Takes PyTorch's default, the last axis. */
  public GLU() {
    this(-1);
  }

  /**
   * Makes the layer.
   *
   * @param dim the axis, of even size; a negative one counts from the end
   */
  public GLU(int dim) {
    this.dim = dim;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Activations.glu(x, dim);
  }

  @Override
  protected String extraRepr() {
    return "dim=" + dim;
  }
}
