package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/**
 * Surrounds a volume [n, c, depth, h, w] or [c, depth, h, w] with elements repeated from the edge.
 */
public final class ReplicationPad3d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public ReplicationPad3d(int... padding) {
    super("replication_pad3d", 3, PadMode.REPLICATE, 0, padding);
  }
}
