package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/**
 * Surrounds a volume [n, c, depth, h, w] or [c, depth, h, w] with elements taken from the opposite
 * side.
 */
public final class CircularPad3d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public CircularPad3d(int... padding) {
    super("circular_pad3d", 3, PadMode.CIRCULAR, 0, padding);
  }
}
