package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/** Surrounds the last axis of a tensor [..., length] with a constant. */
public final class ConstantPad1d extends PadNd {
  private final double value;

  /** Makes a layer that puts as much on all sides. */
  public ConstantPad1d(int padding, double value) {
    this(new int[] {padding}, value);
  }

  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @param value the constant
   * @throws dev.kiln.KilnException if there are not as many numbers
   */
  public ConstantPad1d(int[] padding, double value) {
    super("constant_pad1d", 1, PadMode.CONSTANT, value, padding);
    this.value = value;
  }

  @Override
  protected String extraRepr() {
    return "padding=" + super.extraRepr() + ", value=" + value;
  }
}
