package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/** Surrounds the last 2 axes of a tensor [..., h, w] with a constant. */
public final class ConstantPad2d extends PadNd {
  private final double value;

  /** Makes a layer that puts as much on all sides. */
  public ConstantPad2d(int padding, double value) {
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
  public ConstantPad2d(int[] padding, double value) {
    super("constant_pad2d", 2, PadMode.CONSTANT, value, padding);
    this.value = value;
  }

  @Override
  protected String extraRepr() {
    return "padding=" + super.extraRepr() + ", value=" + value;
  }
}
