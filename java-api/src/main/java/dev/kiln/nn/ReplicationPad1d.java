package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/** Surrounds a sequence [n, c, length] or [c, length] with elements repeated from the edge. */
public final class ReplicationPad1d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public ReplicationPad1d(int... padding) {
    super("replication_pad1d", 1, PadMode.REPLICATE, 0, padding);
  }
}
