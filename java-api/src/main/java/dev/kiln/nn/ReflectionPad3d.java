package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/**
 * Surrounds a volume [n, c, depth, h, w] or [c, depth, h, w] with elements mirrored at the edge,
 * which is not repeated.
 */
public final class ReflectionPad3d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public ReflectionPad3d(int... padding) {
    super("reflection_pad3d", 3, PadMode.REFLECT, 0, padding);
  }
}
