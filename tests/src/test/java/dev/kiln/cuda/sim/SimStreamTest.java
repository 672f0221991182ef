package dev.kiln.cuda.sim;

import static dev.kiln.cuda.sim.Sim.*;
import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** That streams and events order work, and that deferred streams show where a program does not. */
class SimStreamTest {
  private Sim sim;
  private CUfunction addOne;

  @BeforeEach
  void open() {
    sim = Sim.open();
    addOne = sim.function(sim.module("basic"), "add_one_i32");
  }

  @AfterEach
  void close() {
    if (sim != null) {
      sim.close();
    }
  }

  private static CUstream stream() {
    CUstream stream = new CUstream();
    ok(cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    return stream;
  }

  private static CUevent event() {
    CUevent event = new CUevent();
    ok(cuEventCreate(event, CUevent_flags.CU_EVENT_DEFAULT));
    return event;
  }

  private static ByteBuffer pinned(int bytes) {
    Pointer pointer = new Pointer();
    ok(cuMemHostAlloc(pointer, bytes, 0));
    return pointer.getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
  }

  private void add(CUdeviceptr x, CUstream stream) {
    ok(launch(addOne, 1, 32, 0, stream, x, 1));
  }

  @Test
  void worksAtOnceUnlessDeferred() {
    ByteBuffer host = pinned(4);
    CUdeviceptr x = ints(1);
    CUstream stream = stream();
    ok(cuMemcpyDtoHAsync(Pointer.to(host), x, 4, stream));
    assertThat(host.getInt(0)).isEqualTo(1);
    SimControl.setDeferred(true);
    add(x, stream);
    ok(cuMemcpyDtoHAsync(Pointer.to(host), x, 4, stream));
    assertThat(host.getInt(0)).isEqualTo(1); // nobody has waited yet
    ok(cuStreamSynchronize(stream));
    assertThat(host.getInt(0)).isEqualTo(2);
  }

  @Test
  void deferredCopiesReadTheirSourceLate() {
    SimControl.setDeferred(true);
    ByteBuffer host = pinned(4);
    CUdeviceptr x = allocate(4);
    CUstream stream = stream();
    host.putInt(0, 1);
    ok(cuMemcpyHtoDAsync(x, Pointer.to(host), 4, stream));
    host.putInt(0, 2); // too early: the copy has not been made
    ok(cuStreamSynchronize(stream));
    assertThat(ints(x, 1)).containsExactly(2);
  }

  @Test
  void eventsOrderStreams() {
    SimControl.setDeferred(true);
    CUdeviceptr x = ints(1);
    CUdeviceptr y = ints(0);
    CUstream first = stream();
    CUstream second = stream();
    CUevent ready = event();
    add(x, first);
    ok(cuEventRecord(ready, first));
    add(x, first); // behind the event
    ok(cuStreamWaitEvent(second, ready, 0));
    ok(cuMemcpyDtoDAsync(y, x, 4, second));
    ok(cuStreamSynchronize(second));
    assertThat(ints(y, 1)).containsExactly(2);
    assertThat(ints(x, 1)).containsExactly(2);
    ok(cuStreamSynchronize(first));
    assertThat(ints(x, 1)).containsExactly(3);
  }

  @Test
  void withoutAnEventStreamsAreNotOrdered() {
    SimControl.setDeferred(true);
    CUdeviceptr x = ints(1);
    CUdeviceptr y = ints(0);
    CUstream first = stream();
    CUstream second = stream();
    add(x, first);
    ok(cuMemcpyDtoDAsync(y, x, 4, second));
    ok(cuCtxSynchronize());
    assertThat(ints(y, 1)).containsExactly(1); // the copy came before the kernel
  }

  @Test
  void theDefaultStreamWaitsForBlockingOnesOnly() {
    SimControl.setDeferred(true);
    CUdeviceptr x = ints(1);
    CUdeviceptr y = ints(1);
    CUstream blocking = new CUstream();
    ok(cuStreamCreate(blocking, CUstream_flags.CU_STREAM_DEFAULT));
    add(x, blocking);
    add(y, stream());
    assertThat(ints(x, 1)).containsExactly(2);
    assertThat(ints(y, 1)).containsExactly(1);
  }

  @Test
  void asksEventsAndStreamsWithoutWaiting() {
    SimControl.setDeferred(true);
    CUdeviceptr x = ints(1);
    CUstream stream = stream();
    CUevent done = event();
    ok(cuEventQuery(done)); // never recorded
    add(x, stream);
    ok(cuEventRecord(done, stream));
    assertThat(cuEventQuery(done)).isEqualTo(CUresult.CUDA_ERROR_NOT_READY);
    int polls = 0;
    while (cuEventQuery(done) == CUresult.CUDA_ERROR_NOT_READY) {
      assertThat(polls++).isLessThan(10);
    }
    assertThat(ints(x, 1)).containsExactly(2);
    ok(cuStreamQuery(stream));
  }

  @Test
  void measuresTimeBetweenEvents() {
    CUevent start = event();
    CUevent end = event();
    float[] milliseconds = {-1};
    assertThat(cuEventElapsedTime(milliseconds, start, end))
        .isEqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE);
    ok(cuEventRecord(start, null));
    ok(cuEventRecord(end, null));
    ok(cuEventElapsedTime(milliseconds, start, end));
    assertThat(milliseconds[0]).isNotNegative();
  }

  @Test
  void deferredWorkThatFailsIsToldByTheNextCall() {
    SimControl.setDeferred(true);
    CUstream stream = stream();
    CUdeviceptr x = ints(1);
    add(x, stream);
    ok(cuMemFreeAsync(x, stream));
    add(x, stream); // after its end of life
    assertThat(cuStreamSynchronize(stream)).isEqualTo(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
    assertThat(SimControl.report()).contains("freed allocation");
  }

  @Test
  void refusesHandlesItHasNotGiven() {
    CUstream stream = stream();
    ok(cuStreamDestroy(stream));
    assertThat(cuStreamSynchronize(stream)).isEqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE);
    CUevent event = event();
    ok(cuEventDestroy(event));
    assertThat(cuEventRecord(event, null)).isEqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE);
  }
}
