package dev.kiln.cuda;

import dev.kiln.DType;
import dev.kiln.backend.Recording;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;

/**
 * A step as a CUDA graph: its launches with their addresses, the memory they use, and the host
 * memory that its constants are copied from.
 */
final class CudaRecording implements Recording {
  private final CudaBackend device;
  private final Driver driver;
  private final DeviceAllocator.Recorded memory;
  private final List<Pinned> constants = new ArrayList<>();
  private final CUgraphExec graph = new CUgraphExec();
  private boolean whole;

  /** Begins to record what is put on the device's stream; the device must be idle. */
  CudaRecording(CudaBackend device, Driver driver, DeviceAllocator allocator) {
    this.device = device;
    this.driver = driver;
    driver.makeCurrent();
    memory = allocator.record(); // before the capture: it gives memory back, which waits
    // Relaxed: memory that the pool lacks is allocated on the way, which is no part of the graph.
    int status =
        JCudaDriver.cuStreamBeginCapture(
            driver.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED);
    if (status != CUresult.CUDA_SUCCESS) {
      memory.seal();
      memory.close();
    }
    Driver.check(status, "cuStreamBeginCapture");
  }

  /** Records a copy of bytes that are the same at every replay. */
  void upload(long address, ByteBuffer source, int bytes, DType dtype) {
    Pinned constant = new Pinned(bytes);
    constants.add(constant);
    constant.fill(source.duplicate(), bytes, dtype);
    Driver.check(
        JCudaDriver.cuMemcpyHtoDAsync(
            Staging.at(address), constant.pointer(), bytes, driver.stream()),
        "cuMemcpyHtoDAsync");
  }

  /** Ends the recording and makes it ready to replay. */
  void end() {
    CUgraph steps = new CUgraph();
    int status = JCudaDriver.cuStreamEndCapture(driver.stream(), steps);
    memory.seal();
    Driver.check(status, "cuStreamEndCapture");
    status = JCudaDriver.cuGraphInstantiate(graph, steps, 0);
    int destroyed = JCudaDriver.cuGraphDestroy(steps);
    Driver.check(status, "cuGraphInstantiate");
    whole = true;
    Driver.check(destroyed, "cuGraphDestroy");
  }

  /** Ends the recording of a step that failed; nothing of it has run. */
  void abandon(Throwable failure) {
    CUgraph steps = new CUgraph();
    // A capture that broke has no graph, and says so here; what broke it is thrown already.
    int ended = JCudaDriver.cuStreamEndCapture(driver.stream(), steps);
    memory.seal();
    Closing rest = new Closing();
    rest.add(this::release);
    if (ended == CUresult.CUDA_SUCCESS) {
      rest.add(() -> Driver.check(JCudaDriver.cuGraphDestroy(steps), "cuGraphDestroy"));
    }
    rest.closeAfter(failure);
  }

  @Override
  public void replay() {
    synchronized (device) {
      driver.makeCurrent();
      Driver.check(JCudaDriver.cuGraphLaunch(graph, driver.stream()), "cuGraphLaunch");
    }
  }

  @Override
  public void close() {
    synchronized (device) {
      try {
        driver.synchronize();
      } finally {
        release();
      }
    }
  }

  private void release() {
    try {
      if (whole) {
        Driver.check(JCudaDriver.cuGraphExecDestroy(graph), "cuGraphExecDestroy");
      }
    } finally {
      List<Pinned> all = List.copyOf(constants);
      constants.clear();
      try {
        memory.close();
      } finally {
        Closing.each(all, Pinned::close);
      }
    }
  }
}
