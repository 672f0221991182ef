package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/**
 * Surrounds a sequence [n, c, length] or [c, length] with elements mirrored at the edge, which is
 * not repeated.
 */
public final class ReflectionPad1d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public ReflectionPad1d(int... padding) {
    super("reflection_pad1d", 1, PadMode.REFLECT, 0, padding);
  }
}
