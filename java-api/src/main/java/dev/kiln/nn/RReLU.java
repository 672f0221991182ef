package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;
import dev.kiln.ops.RandomOps;

/**
 * x above 0, a random multiple of x below, drawn for each element when training; the middle one in
 * eval mode. Xu et al. 2015.
 */
public final class RReLU extends Module {
  private final double lower;
  private final double upper;

  /** Takes PyTorch's defaults, 1/8 to 1/3. */
  public RReLU() {
    this(1.0 / 8, 1.0 / 3);
  }

  /**
   * Makes the layer.
   *
   * @param lower the lowest slope
   * @param upper the highest slope
   * @throws KilnException if lower is above upper
   */
  public RReLU(double lower, double upper) {
    if (!(lower <= upper)) {
      throw new KilnException("[rrelu] lower " + lower + " must not be above upper " + upper);
    }
    this.lower = lower;
    this.upper = upper;
  }

  @Override
  public Tensor forward(Tensor x) {
    return isTraining()
        ? RandomOps.rrelu(x, lower, upper, x.device().generator())
        : Elementwise.leakyRelu(x, (lower + upper) / 2);
  }

  @Override
  protected String extraRepr() {
    return "lower=" + lower + ", upper=" + upper;
  }
}
