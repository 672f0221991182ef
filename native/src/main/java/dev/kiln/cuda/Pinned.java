package dev.kiln.cuda;

import dev.kiln.DType;
import java.nio.ByteBuffer;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/** Host memory that the device reads and writes by itself. */
final class Pinned implements AutoCloseable {
  private final Pointer pointer = new Pointer();
  private final ByteBuffer content;

  /** Allocates it; a device must be current. */
  Pinned(int bytes) {
    Driver.check(JCudaDriver.cuMemAllocHost(pointer, bytes), "cuMemAllocHost(" + bytes + " bytes)");
    content = pointer.getByteBuffer(0, bytes);
  }

  Pointer pointer() {
    return pointer;
  }

  int bytes() {
    return content.capacity();
  }

  /** The first bytes. */
  ByteBuffer content(int bytes) {
    return content.clear().limit(bytes);
  }

  /** Takes bytes from a buffer and moves its position; truth values become 0 and 1. */
  void fill(ByteBuffer from, int bytes, DType dtype) {
    int end = from.limit();
    from.limit(from.position() + bytes);
    content.clear();
    if (dtype == DType.BOOL) {
      while (from.hasRemaining()) {
        content.put((byte) (from.get() != 0 ? 1 : 0));
      }
    } else {
      content.put(from);
    }
    from.limit(end);
  }

  @Override
  public void close() {
    Driver.check(JCudaDriver.cuMemFreeHost(pointer), "cuMemFreeHost");
  }
}
