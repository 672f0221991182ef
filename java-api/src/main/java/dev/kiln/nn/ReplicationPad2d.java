package dev.kiln.nn;

import dev.kiln.ops.Rearranging.PadMode;

/** Surrounds an image [n, c, h, w] or [c, h, w] with elements repeated from the edge. */
public final class ReplicationPad2d extends PadNd {
  /**
   * Makes a layer.
   *
   * @param padding one number for all sides, or a pair for each axis, the last axis first; negative
   *     numbers cut off
   * @throws dev.kiln.KilnException if it is neither
   */
  public ReplicationPad2d(int... padding) {
    super("replication_pad2d", 2, PadMode.REPLICATE, 0, padding);
  }
}
