package dev.kiln.cpu;

import java.util.Map;

/**
 * What a {@link NullBackend} was asked to do.
 *
 * @param launches how often each op was launched, by PyTorch's name for it
 * @param allocs storages allocated
 * @param frees storages taken back
 * @param liveBytes bytes allocated and not taken back
 * @param uploads copies from the host
 * @param downloads copies to the host
 * @param syncs waits for the device
 */
public record Counts(
    Map<String, Long> launches,
    long allocs,
    long frees,
    long liveBytes,
    long uploads,
    long downloads,
    long syncs) {
  /**
   * Returns how often one op was launched.
   *
   * @param op its name, such as {@code relu}, {@code relu_grad}, {@code matmul}, {@code conv2d}
   * @return its launches, 0 if there were none
   */
  public long launches(String op) {
    return launches.getOrDefault(op, 0L);
  }

  /**
   * Returns how many ops were launched.
   *
   * @return the sum over all ops
   */
  public long totalLaunches() {
    return launches.values().stream().mapToLong(Long::longValue).sum();
  }
}
