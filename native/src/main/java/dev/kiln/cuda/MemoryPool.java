package dev.kiln.cuda;

/** Device memory of one lifetime. Not thread-safe. */
interface MemoryPool {
  /**
   * Gives out memory with undefined content, 512-byte aligned.
   *
   * @param bytes more than 0
   * @throws dev.kiln.OutOfMemoryException if the driver has none either
   */
  Chunk alloc(long bytes);

  /**
   * Takes back a chunk of this pool; work already started on it still completes.
   *
   * @throws CudaException if the driver does not take it; it is kept then, as unused
   */
  void free(Chunk chunk);

  /** Bytes that are kept and not in use. */
  long unused();

  /**
   * Gives what is kept and can be given back to the driver.
   *
   * @throws CudaException if the driver does not take some of it, which is kept then
   */
  void trim();

  /** Takes a segment of which nothing is in use, such as one that the driver did not take back. */
  void adopt(Segment segment);

  /** Hands all memory, that which is in use included, to another pool of the same kind. */
  void hand(MemoryPool heir);
}
