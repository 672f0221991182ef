package dev.kiln.cuda;

import dev.kiln.OutOfMemoryException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * Device memory by size classes, kept for reuse when freed.
 *
 * <p>All work of a device goes to one stream, so a freed chunk can be given out at once: work on
 * its new content stands behind work on the old one. Sizes are rounded up to one of eight steps per
 * power of two, at most 1/8 more than asked for. Not thread-safe.
 */
final class DeviceAllocator {
  private static final long SMALLEST = 512;

  /**
   * A piece of device memory.
   *
   * @param pointer what the driver gave
   * @param address its device address; 0 if it is empty
   * @param bytes its size
   */
  record Chunk(CUdeviceptr pointer, long address, long bytes) {}

  private final Driver driver;
  private final boolean pooled;
  private final Map<Long, Deque<Chunk>> unused = new HashMap<>();
  private long unusedBytes;

  DeviceAllocator(Driver driver, boolean pooled) {
    this.driver = driver;
    this.pooled = pooled;
  }

  /** Gives out memory with undefined content. */
  Chunk alloc(long bytes) {
    if (bytes == 0) {
      return new Chunk(new CUdeviceptr(), 0, 0);
    }
    long size = pooled ? round(bytes) : bytes;
    Deque<Chunk> same = unused.get(size);
    if (same != null && !same.isEmpty()) {
      unusedBytes -= size;
      return same.pop();
    }
    driver.makeCurrent();
    Driver.Address pointer = new Driver.Address();
    int status = JCudaDriver.cuMemAlloc(pointer, size);
    if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY && unusedBytes > 0) {
      trim();
      status = JCudaDriver.cuMemAlloc(pointer, size);
    }
    if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      throw new OutOfMemoryException("[alloc] no room for " + bytes + " bytes" + room());
    }
    Driver.check(status, "cuMemAlloc(" + size + ")");
    return new Chunk(pointer, pointer.value(), size);
  }

  private static String room() {
    long[] free = new long[1];
    long[] total = new long[1];
    return JCudaDriver.cuMemGetInfo(free, total) == CUresult.CUDA_SUCCESS
        ? "; the device has " + free[0] + " of " + total[0] + " bytes free"
        : "";
  }

  /** Takes memory back; work already started on it still completes. */
  void free(Chunk chunk) {
    if (chunk.bytes() == 0) {
      return;
    }
    if (pooled) {
      unused.computeIfAbsent(chunk.bytes(), b -> new ArrayDeque<>()).push(chunk);
      unusedBytes += chunk.bytes();
    } else {
      giveBack(chunk);
    }
  }

  /** Bytes that are kept for reuse. */
  long cachedBytes() {
    return unusedBytes;
  }

  /** Gives what is kept for reuse back to the driver. */
  void trim() {
    for (Deque<Chunk> chunks : unused.values()) {
      for (Chunk chunk = chunks.poll(); chunk != null; chunk = chunks.poll()) {
        unusedBytes -= chunk.bytes();
        giveBack(chunk);
      }
    }
  }

  private void giveBack(Chunk chunk) {
    driver.synchronize(); // the driver does not wait for streams that do not block
    Driver.check(JCudaDriver.cuMemFree(chunk.pointer()), "cuMemFree");
  }

  /** Rounds up to one of eight steps per power of two. */
  static long round(long bytes) {
    if (bytes <= SMALLEST) {
      return SMALLEST;
    }
    long step = Math.max(SMALLEST, Long.highestOneBit(bytes - 1) >> 3);
    return (bytes + step - 1) / step * step;
  }
}
