package dev.kiln.cuda;

import dev.kiln.IndexException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/**
 * Indices outside their axis, found by kernels while the host is long elsewhere.
 *
 * <p>A kernel that finds one writes it to a record in device memory and raises a flag in host
 * memory ({@code cuda-kernels/include/kiln/report.h}). The flag costs nothing to look at; once it
 * is up, the device is waited for, the record read and the exception thrown: at the latest when a
 * value is read or the device synchronised.
 */
final class IndexErrors implements AutoCloseable {
  private static final int RECORD_BYTES = 2 * Integer.BYTES + 6 * Long.BYTES;
  private static final int DEVICE_MAPPED = 2; // CU_MEMHOSTALLOC_DEVICEMAP
  private static final String[] OPS = {
    "gather", "scatter_add", "scatter", "cross_entropy", "nll_loss"
  };
  static final int GATHER = 0;
  private static final int CROSS_ENTROPY = 3;
  static final int NLL_LOSS = 4;

  private final Driver driver;
  private final Closing closing = new Closing();
  private final Driver.Address record = new Driver.Address();
  private final Pointer flagPointer = new Pointer();
  private final ByteBuffer flag;

  IndexErrors(Driver driver) {
    this.driver = driver;
    driver.makeCurrent();
    try {
      Driver.check(JCudaDriver.cuMemAlloc(record, RECORD_BYTES), "cuMemAlloc");
      closing.add(() -> Driver.check(JCudaDriver.cuMemFree(record), "cuMemFree"));
      Driver.check(
          JCudaDriver.cuMemHostAlloc(flagPointer, Integer.BYTES, DEVICE_MAPPED), "cuMemHostAlloc");
      closing.add(() -> Driver.check(JCudaDriver.cuMemFreeHost(flagPointer), "cuMemFreeHost"));
      Driver.Address device = new Driver.Address();
      Driver.check(
          JCudaDriver.cuMemHostGetDevicePointer(device, flagPointer, 0),
          "cuMemHostGetDevicePointer");
      flag = flagPointer.getByteBuffer(0, Integer.BYTES).order(ByteOrder.nativeOrder());
      clear();
      Launchers.reportTo(driver.launchers(), record.value(), device.value());
    } catch (RuntimeException e) {
      closing.closeAfter(e);
      throw e;
    }
  }

  private void clear() {
    Driver.check(
        JCudaDriver.cuMemsetD8Async(record, (byte) 0, RECORD_BYTES, driver.stream()),
        "cuMemsetD8Async");
    flag.putInt(0, 0);
  }

  /**
   * Throws what kernels have found, if anything yet.
   *
   * @throws IndexException if an index was outside its axis
   */
  void check() {
    if (flag.getInt(0) == 0) {
      return;
    }
    driver.synchronize();
    ByteBuffer found = ByteBuffer.allocateDirect(RECORD_BYTES).order(ByteOrder.nativeOrder());
    Driver.check(
        JCudaDriver.cuMemcpyDtoHAsync(Pointer.to(found), record, RECORD_BYTES, driver.stream()),
        "cuMemcpyDtoHAsync");
    clear();
    driver.synchronize();
    int at = 2 * Integer.BYTES + Long.BYTES;
    int op = (int) found.getLong(at);
    long axis = found.getLong(at + 8);
    long position = found.getLong(at + 16);
    long index = found.getLong(at + 24);
    long size = found.getLong(at + 32);
    if (op == CROSS_ENTROPY || op == NLL_LOSS) {
      throw new IndexException(
          String.format(
              "[%s] target %d at row %d is no class; valid are 0 to %d (or ignore_index %d)",
              OPS[op], index, position, size - 1, axis));
    }
    throw new IndexException(
        String.format(
            "[%s] index %d at position %d is outside axis %d of size %d; %s",
            OPS[op],
            index,
            position,
            axis,
            size,
            size == 0 ? "an empty axis has no index" : "valid are 0 to " + (size - 1)));
  }

  @Override
  public void close() {
    driver.makeCurrent();
    closing.close();
  }
}
