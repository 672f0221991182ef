package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** Limits x to a range; the gradient passes strictly inside. */
public final class Hardtanh extends Module {
  private final double min;
  private final double max;

  /** Takes PyTorch's defaults, -1 to 1. */
  public Hardtanh() {
    this(-1, 1);
  }

  /**
   * Makes the layer.
   *
   * @param min the lowest value
   * @param max the highest value, above min
   * @throws KilnException if max is not above min
   */
  public Hardtanh(double min, double max) {
    if (!(max > min)) {
      throw new KilnException("[hardtanh] max " + max + " must be above min " + min);
    }
    this.min = min;
    this.max = max;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.hardtanh(x, min, max);
  }

  @Override
  protected String extraRepr() {
    return "min_val=" + min + ", max_val=" + max;
  }
}
