package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/**
 * Surrounds an image [n, c, h, w] or [c, h, w] with elements mirrored at the edge, which is not
 * repeated.
 */
public final class ReflectionPad2d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public ReflectionPad2d(int... padding) {
    super("reflection_pad2d", 2, PadMode.REFLECT, 0, padding);
  }
}
