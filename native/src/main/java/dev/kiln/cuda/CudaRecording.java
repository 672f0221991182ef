package dev.kiln.cuda;

import dev.kiln.DType;
import dev.kiln.backend.Recording;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
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
    // Relaxed: memory that the pool lacks is allocated on the way, which is no part of the graph.
    Driver.check(
        JCudaDriver.cuStreamBeginCapture(
            driver.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED),
        "cuStreamBeginCapture");
    memory = allocator.record();
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
    JCudaDriver.cuGraphDestroy(steps);
    Driver.check(status, "cuGraphInstantiate");
    whole = true;
  }

  /** Ends the recording of a step that failed; nothing of it has run. */
  void abandon() {
    CUgraph steps = new CUgraph();
    if (JCudaDriver.cuStreamEndCapture(driver.stream(), steps) == 0) {
      JCudaDriver.cuGraphDestroy(steps);
    }
    memory.seal();
    release();
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
      driver.synchronize();
      release();
    }
  }

  private void release() {
    if (whole) {
      Driver.check(JCudaDriver.cuGraphExecDestroy(graph), "cuGraphExecDestroy");
    }
    memory.close();
    constants.forEach(Pinned::close);
    constants.clear();
  }
}
