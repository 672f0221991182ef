package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/** Surrounds an image [n, c, h, w] or [c, h, w] with elements taken from the opposite side. */
public final class CircularPad2d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public CircularPad2d(int... padding) {
    super("circular_pad2d", 2, PadMode.CIRCULAR, 0, padding);
  }
}
