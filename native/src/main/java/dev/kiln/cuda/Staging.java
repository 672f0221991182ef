package dev.kiln.cuda;

import dev.kiln.DType;
import java.nio.ByteBuffer;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/**
 * Copies between host and device by way of two pieces of pinned memory, which the device reads and
 * writes by itself: while one is on its way, the other is filled.
 */
final class Staging implements AutoCloseable {
  private static final int PIECE = 4 << 20;
  private static final int PIECES = 2;

  private final Driver driver;
  private final Pointer[] pointers = new Pointer[PIECES];
  private final ByteBuffer[] buffers = new ByteBuffer[PIECES];
  private final CUevent[] done = new CUevent[PIECES];
  private int next;

  Staging(Driver driver) {
    this.driver = driver;
    driver.makeCurrent();
    for (int i = 0; i < PIECES; i++) {
      pointers[i] = new Pointer();
      Driver.check(JCudaDriver.cuMemAllocHost(pointers[i], PIECE), "cuMemAllocHost");
      buffers[i] = pointers[i].getByteBuffer(0, PIECE);
      done[i] = new CUevent();
      Driver.check(
          JCudaDriver.cuEventCreate(done[i], CUevent_flags.CU_EVENT_DISABLE_TIMING),
          "cuEventCreate");
    }
  }

  /** Copies bytes to the device; the source may change as soon as this returns. */
  void upload(long address, ByteBuffer source, long bytes, DType dtype) {
    driver.makeCurrent();
    ByteBuffer from = source.duplicate();
    for (long at = 0; at < bytes; ) {
      int n = (int) Math.min(PIECE, bytes - at);
      Driver.check(JCudaDriver.cuEventSynchronize(done[next]), "cuEventSynchronize");
      from.limit(from.position() + n);
      ByteBuffer piece = buffers[next].clear();
      if (dtype == DType.BOOL) {
        while (from.hasRemaining()) {
          piece.put((byte) (from.get() != 0 ? 1 : 0));
        }
      } else {
        piece.put(from);
      }
      Driver.check(
          JCudaDriver.cuMemcpyHtoDAsync(at(address + at), pointers[next], n, driver.stream()),
          "cuMemcpyHtoDAsync");
      Driver.check(JCudaDriver.cuEventRecord(done[next], driver.stream()), "cuEventRecord");
      next = (next + 1) % PIECES;
      at += n;
    }
  }

  /** Waits for the device and copies bytes to the host. */
  void download(ByteBuffer target, long address, long bytes) {
    driver.makeCurrent();
    ByteBuffer to = target.duplicate();
    for (long at = 0; at < bytes; ) {
      int n = (int) Math.min(PIECE, bytes - at);
      Driver.check(
          JCudaDriver.cuMemcpyDtoHAsync(pointers[next], at(address + at), n, driver.stream()),
          "cuMemcpyDtoHAsync");
      driver.synchronize();
      to.put(buffers[next].clear().limit(n));
      at += n;
    }
  }

  /** A device pointer to an address. */
  static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  @Override
  public void close() {
    driver.synchronize();
    for (int i = 0; i < PIECES; i++) {
      Driver.check(JCudaDriver.cuEventDestroy(done[i]), "cuEventDestroy");
      Driver.check(JCudaDriver.cuMemFreeHost(pointers[i]), "cuMemFreeHost");
    }
  }
}
