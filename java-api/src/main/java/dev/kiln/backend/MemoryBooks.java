package dev.kiln.backend;

/** What is known of a device's memory above its backend: who uses it, and what can be freed. */
public interface MemoryBooks {
  /** Frees what the garbage collector finds unused. */
  void reclaim();

  /**
   * Lists the largest live tensors.
   *
   * @return lines of text, each after a line break
   */
  String largest();
}
