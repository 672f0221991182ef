package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/**
 * Surrounds a sequence [n, c, length] or [c, length] with elements taken from the opposite side.
 */
public final class CircularPad1d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public CircularPad1d(int... padding) {
    super("circular_pad1d", 1, PadMode.CIRCULAR, 0, padding);
  }
}
