package dev.kiln.cuda;

import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** A piece of pinned host memory, and how far its content has got. */
final class StagingPiece {
  private final Closing closing = new Closing();
  private final Pinned pinned;
  private final CUevent sent;
  private final CUevent used;

  /** Allocates the host's side; the device must be current. */
  StagingPiece(int bytes) {
    try {
      sent = event();
      used = event();
      pinned = closing.add(new Pinned(bytes), Pinned::close);
    } catch (RuntimeException e) {
      closing.closeAfter(e);
      throw e;
    }
  }

  private CUevent event() {
    CUevent event = new CUevent();
    Driver.check(
        JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING), "cuEventCreate");
    closing.add(() -> Driver.check(JCudaDriver.cuEventDestroy(event), "cuEventDestroy"));
    return event;
  }

  Pinned pinned() {
    return pinned;
  }

  /** Waits until the host's side may be filled anew. */
  void await() {
    Driver.check(JCudaDriver.cuEventSynchronize(sent), "cuEventSynchronize");
  }

  /** Sends the content in the order of a stream's work. */
  void send(CUdeviceptr to, int bytes, CUstream stream) {
    Driver.check(
        JCudaDriver.cuMemcpyHtoDAsync(to, pinned.pointer(), bytes, stream), "cuMemcpyHtoDAsync");
    Driver.check(JCudaDriver.cuEventRecord(sent, stream), "cuEventRecord");
  }

  /** Sends the content to a twin on another stream, and from there in the order of this one. */
  void sendBeside(CUdeviceptr to, int bytes, CUstream stream, CUstream copies, CUdeviceptr twin) {
    Driver.check(JCudaDriver.cuStreamWaitEvent(copies, used, 0), "cuStreamWaitEvent");
    send(twin, bytes, copies);
    Driver.check(JCudaDriver.cuStreamWaitEvent(stream, sent, 0), "cuStreamWaitEvent");
    Driver.check(JCudaDriver.cuMemcpyDtoDAsync(to, twin, bytes, stream), "cuMemcpyDtoDAsync");
    Driver.check(JCudaDriver.cuEventRecord(used, stream), "cuEventRecord");
  }

  /** Frees all; the device must be idle. */
  void close() {
    closing.close();
  }
}
