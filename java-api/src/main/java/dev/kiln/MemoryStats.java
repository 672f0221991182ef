package dev.kiln;

/**
 * How a device's memory is used.
 *
 * @param used bytes in live tensors
 * @param cached bytes kept for reuse
 * @param peak the most bytes in live tensors since the start or the last reset
 * @param tensors live allocations
 */
public record MemoryStats(long used, long cached, long peak, int tensors) {
  /** Returns the figures in MiB on one line. */
  @Override
  public String toString() {
    return String.format(
        java.util.Locale.ROOT,
        "used %.1f MiB in %d tensors, cached %.1f MiB, peak %.1f MiB",
        used / 1048576.0,
        tensors,
        cached / 1048576.0,
        peak / 1048576.0);
  }
}
