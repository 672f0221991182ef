package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/** Surrounds the last axis of a tensor [..., length] with zeros. */
public final class ZeroPad1d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public ZeroPad1d(int... padding) {
    super("zero_pad1d", 1, PadMode.CONSTANT, 0, padding);
  }
}
