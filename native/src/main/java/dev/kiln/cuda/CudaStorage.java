package dev.kiln.cuda;

import dev.kiln.DType;
import dev.kiln.backend.Storage;
import dev.kiln.backend.View;
import java.util.Optional;

/** Elements in device memory. */
final class CudaStorage extends Storage {
  private final Chunk chunk;
  private boolean freed;

  CudaStorage(DType dtype, long length, Chunk chunk) {
    super(dtype, length);
    this.chunk = chunk;
  }

  /** The device address of a view's first element. */
  static long address(View view) {
    CudaStorage storage = (CudaStorage) view.storage();
    if (storage.freed) {
      throw new IllegalStateException(
          "[storage] " + view + " lies in a storage that was freed before its use");
    }
    return storage.chunk.address() + view.offset() * view.dtype().bytes();
  }

  /** The address of an operand, 0 for none. */
  static long addressOf(Optional<View> x) {
    return x.isPresent() ? address(x.get()) : 0;
  }

  /** Hands the memory out for good. */
  Chunk release() {
    if (freed) {
      throw new IllegalStateException(
          "[storage] " + dtype() + " storage of " + length() + " elements is freed twice");
    }
    freed = true;
    return chunk;
  }
}
