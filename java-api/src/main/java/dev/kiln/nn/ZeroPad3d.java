package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/** Surrounds the last 3 axes of a tensor [..., depth, h, w] with zeros. */
public final class ZeroPad3d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public ZeroPad3d(int... padding) {
    super("zero_pad3d", 3, PadMode.CONSTANT, 0, padding);
  }
}
