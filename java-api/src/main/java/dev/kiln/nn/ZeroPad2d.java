package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/** Surrounds the last 2 axes of a tensor [..., h, w] with zeros. */
public final class ZeroPad2d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public ZeroPad2d(int... padding) {
    super("zero_pad2d", 2, PadMode.CONSTANT, 0, padding);
  }
}
