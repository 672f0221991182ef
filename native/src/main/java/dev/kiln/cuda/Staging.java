package dev.kiln.cuda;

import dev.kiln.DType;
import java.nio.ByteBuffer;
import java.util.Optional;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * Copies between host and device by way of pinned memory, which the device reads and writes by
 * itself: while one piece is on its way, the next is filled.
 *
 * <p>Uploads travel on a stream of their own while the device computes, to a piece of device memory
 * that nothing else uses; only the short way from there to their place is taken in the order of the
 * device's work. Small ones, for which that would not pay, go straight, and so do all where the
 * device has no room for such pieces.
 */
final class Staging implements AutoCloseable {
  private static final int PIECE = 2 << 20;
  private static final int PIECES = 4;
  private static final int DIRECT = 64 << 10;

  private final Driver driver;
  private final DeviceAllocator memory;
  private final Closing closing = new Closing();
  private final CUstream copies = new CUstream();
  private final StagingPiece[] pieces = new StagingPiece[PIECES];
  private Optional<Segment> twins = Optional.empty();
  private boolean asked;
  private int next;

  Staging(Driver driver, DeviceAllocator memory) {
    this.driver = driver;
    this.memory = memory;
    try {
      open();
    } catch (RuntimeException e) {
      closing.closeAfter(e);
      throw e;
    }
  }

  private void open() {
    driver.makeCurrent();
    Driver.check(
        JCudaDriver.cuStreamCreate(copies, CUstream_flags.CU_STREAM_NON_BLOCKING),
        "cuStreamCreate");
    closing.add(() -> Driver.check(JCudaDriver.cuStreamDestroy(copies), "cuStreamDestroy"));
    for (int i = 0; i < PIECES; i++) {
      pieces[i] = closing.add(new StagingPiece(PIECE), StagingPiece::close);
    }
    closing.add(() -> Driver.check(JCudaDriver.cuStreamSynchronize(copies), "cuStreamSynchronize"));
    closing.add(driver::synchronize);
  }

  /** Copies bytes to the device; the source may change as soon as this returns. */
  void upload(long address, ByteBuffer source, long bytes, DType dtype) {
    driver.makeCurrent();
    ByteBuffer from = source.duplicate();
    boolean straight = bytes <= DIRECT || twins().isEmpty();
    for (long at = 0; at < bytes; ) {
      int n = (int) Math.min(PIECE, bytes - at);
      long twin = straight ? 0 : twins.get().address() + (long) next * PIECE;
      StagingPiece piece = turn();
      piece.pinned().fill(from, n, dtype);
      CUdeviceptr to = at(address + at);
      if (straight) {
        piece.send(to, n, driver.stream());
      } else {
        piece.sendBeside(to, n, driver.stream(), copies, at(twin));
      }
      at += n;
    }
  }

  /** Waits for the device and copies bytes to the host. */
  void download(ByteBuffer target, long address, long bytes) {
    driver.makeCurrent();
    ByteBuffer to = target.duplicate();
    for (long at = 0; at < bytes; ) {
      int n = (int) Math.min(PIECE, bytes - at);
      StagingPiece piece = turn();
      Driver.check(
          JCudaDriver.cuMemcpyDtoHAsync(
              piece.pinned().pointer(), at(address + at), n, driver.stream()),
          "cuMemcpyDtoHAsync");
      driver.synchronize();
      to.put(piece.pinned().content(n));
      at += n;
    }
  }

  /**
   * Device memory for each piece, all of it at once: what is taken later a full device may lack.
   */
  private Optional<Segment> twins() {
    if (!asked) {
      twins = memory.apartIfRoom((long) PIECES * PIECE);
      asked = true;
    }
    return twins;
  }

  /** The next piece, once its last content has left it. */
  private StagingPiece turn() {
    StagingPiece piece = pieces[next];
    next = (next + 1) % PIECES;
    piece.await();
    return piece;
  }

  /** A device pointer to an address. */
  static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  @Override
  public void close() {
    try {
      closing.close();
    } finally {
      twins.ifPresent(memory::giveBack);
    }
  }
}
