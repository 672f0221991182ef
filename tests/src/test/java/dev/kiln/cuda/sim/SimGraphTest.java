package dev.kiln.cuda.sim;

import static dev.kiln.cuda.sim.Sim.*;
import static jcuda.driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL;
import static jcuda.driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED;
import static jcuda.driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import jcuda.Pointer;
import jcuda.driver.CUDA_KERNEL_NODE_PARAMS;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUgraphNode;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** That captured work is repeated, and that captures refuse and break as on a GPU. */
class SimGraphTest {
  private static final int UNSUPPORTED = CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  private static final int INVALIDATED = CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;

  private Sim sim;
  private CUfunction addOne;
  private CUfunction scale;
  private CUstream stream;

  @BeforeEach
  void open() {
    sim = Sim.open();
    CUmodule basic = sim.module("basic");
    addOne = sim.function(basic, "add_one_i32");
    scale = sim.function(basic, "axpb_f32");
    stream = stream();
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
    ok(cuEventCreate(event, 0));
    return event;
  }

  private void begin(int mode) {
    ok(cuStreamBeginCapture(stream, mode));
  }

  private CUgraphExec end() {
    CUgraph graph = new CUgraph();
    ok(cuStreamEndCapture(stream, graph));
    return instantiate(graph);
  }

  private static CUgraphExec instantiate(CUgraph graph) {
    CUgraphExec exec = new CUgraphExec();
    ok(cuGraphInstantiate(exec, graph, 0));
    return exec;
  }

  private void replay(CUgraphExec exec) {
    ok(cuGraphLaunch(exec, stream));
    ok(cuStreamSynchronize(stream));
  }

  @Test
  void recordsWithoutWorkingAndRepeats() {
    CUdeviceptr x = ints(1, 2, 3);
    CUdeviceptr y = ints(0, 0, 0);
    begin(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    ok(launch(addOne, 1, 32, 0, stream, x, 3));
    ok(cuMemcpyDtoDAsync(y, x, 12, stream));
    ok(cuMemsetD32Async(x.withByteOffset(8), 7, 1, stream));
    CUgraphExec exec = end();
    assertThat(ints(x, 3)).containsExactly(1, 2, 3); // nothing has run
    replay(exec);
    replay(exec);
    assertThat(ints(y, 3)).containsExactly(3, 4, 8);
    assertThat(ints(x, 3)).containsExactly(3, 4, 7);
  }

  @Test
  void nodesKeepCopiesOfTheArguments() {
    CUdeviceptr x = floats(1, 2);
    float[] factor = {3};
    begin(CU_STREAM_CAPTURE_MODE_GLOBAL);
    Pointer arguments =
        Pointer.to(
            Pointer.to(x),
            Pointer.to(x),
            Pointer.to(factor),
            Pointer.to(new float[] {0}),
            Pointer.to(new long[] {2}));
    ok(cuLaunchKernel(scale, 1, 1, 1, 32, 1, 1, 0, stream, arguments, null));
    CUgraphExec exec = end();
    factor[0] = 100;
    replay(exec);
    assertThat(floats(x, 2)).containsExactly(3, 6);
  }

  @Test
  void graphsCanBeUpdated() {
    CUdeviceptr x = floats(1, 2);
    begin(CU_STREAM_CAPTURE_MODE_GLOBAL);
    ok(launch(scale, 1, 32, 0, stream, x, x, 3f, 0f, 2L));
    CUgraph graph = new CUgraph();
    ok(cuStreamEndCapture(stream, graph));
    CUgraphExec exec = instantiate(graph);
    CUgraphNode[] nodes = {new CUgraphNode()};
    long[] count = {1};
    ok(cuGraphGetNodes(graph, nodes, count));
    assertThat(count[0]).isEqualTo(1);
    CUDA_KERNEL_NODE_PARAMS parameters = new CUDA_KERNEL_NODE_PARAMS();
    parameters.func = scale;
    parameters.gridDimX = 1;
    parameters.gridDimY = 1;
    parameters.gridDimZ = 1;
    parameters.blockDimX = 32;
    parameters.blockDimY = 1;
    parameters.blockDimZ = 1;
    parameters.kernelParams = arguments(x, x, 10f, 1f, 2L);
    ok(cuGraphExecKernelNodeSetParams(exec, nodes[0], parameters));
    ok(cuGraphDestroy(graph)); // the executable one lives on
    replay(exec);
    assertThat(floats(x, 2)).containsExactly(11, 21);
  }

  @Test
  void otherStreamsJoinByEvents() {
    CUdeviceptr x = ints(1);
    CUdeviceptr y = ints(1);
    CUdeviceptr sum = ints(0, 0);
    CUstream other = stream();
    CUevent fork = event();
    CUevent join = event();
    for (boolean reverse : new boolean[] {false, true}) {
      SimControl.setReverse(reverse);
      begin(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
      ok(launch(addOne, 1, 32, 0, stream, x, 1));
      ok(cuEventRecord(fork, stream));
      ok(cuStreamWaitEvent(other, fork, 0));
      ok(launch(addOne, 1, 32, 0, other, y, 1));
      ok(cuEventRecord(join, other));
      ok(cuStreamWaitEvent(stream, join, 0));
      ok(cuMemcpyDtoDAsync(sum, x, 4, stream));
      ok(cuMemcpyDtoDAsync(sum.withByteOffset(4), y, 4, stream));
      replay(end());
    }
    assertThat(ints(sum, 2)).containsExactly(3, 3);
  }

  @Test
  void streamsThatDoNotJoinBackAreRefused() {
    CUdeviceptr x = ints(1);
    CUstream other = stream();
    CUevent fork = event();
    begin(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    ok(cuEventRecord(fork, stream));
    ok(cuStreamWaitEvent(other, fork, 0));
    ok(launch(addOne, 1, 32, 0, other, x, 1));
    CUgraph graph = new CUgraph();
    assertThat(cuStreamEndCapture(stream, graph))
        .isEqualTo(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
    ok(launch(addOne, 1, 32, 0, other, x, 1)); // both streams are free again
    assertThat(ints(x, 1)).containsExactly(2);
  }

  /** Calls that may wait or allocate. */
  static Stream<Arguments> unsafeCalls() {
    return Stream.of(
        call("cuMemAlloc", () -> cuMemAlloc(new CUdeviceptr(), 4)),
        call("cuMemHostAlloc", () -> cuMemHostAlloc(new Pointer(), 4, 0)),
        call("cuMemFree", () -> cuMemFree(new CUdeviceptr())),
        call("cuMemcpyHtoD", () -> cuMemcpyHtoD(new CUdeviceptr(), Pointer.to(new int[1]), 4)),
        call("cuMemcpyDtoH", () -> cuMemcpyDtoH(Pointer.to(new int[1]), new CUdeviceptr(), 4)),
        call("cuCtxSynchronize", () -> cuCtxSynchronize()),
        call("cuModuleLoadData", () -> cuModuleLoadData(new CUmodule(), new byte[100])));
  }

  private static Arguments call(String name, IntSupplier call) {
    return Arguments.of(name, call);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unsafeCalls")
  void whatMayWaitBreaksTheCapture(String name, IntSupplier call) {
    begin(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    assertThat(call.getAsInt()).isEqualTo(UNSUPPORTED);
    assertThat(launch(addOne, 1, 32, 0, stream, new CUdeviceptr(), 0)).isEqualTo(INVALIDATED);
    int[] status = {-1};
    ok(cuStreamIsCapturing(stream, status));
    assertThat(status[0]).isEqualTo(2);
    assertThat(cuStreamEndCapture(stream, new CUgraph())).isEqualTo(INVALIDATED);
    ok(cuStreamIsCapturing(stream, status));
    assertThat(status[0]).isZero();
    allocate(4); // allowed again
  }

  @Test
  void waitingForTheCapturedStreamOrEventIsRefusedInEveryMode() {
    CUevent event = event();
    begin(CU_STREAM_CAPTURE_MODE_RELAXED);
    assertThat(cuStreamSynchronize(stream)).isEqualTo(UNSUPPORTED);
    assertThat(cuStreamEndCapture(stream, new CUgraph())).isEqualTo(INVALIDATED);
    begin(CU_STREAM_CAPTURE_MODE_RELAXED);
    ok(cuEventRecord(event, stream));
    assertThat(cuEventQuery(event)).isEqualTo(CUresult.CUDA_ERROR_CAPTURED_EVENT);
    assertThat(cuStreamEndCapture(stream, new CUgraph())).isEqualTo(INVALIDATED);
  }

  @Test
  void theModeSaysWhoMayAllocate() {
    begin(CU_STREAM_CAPTURE_MODE_RELAXED);
    allocate(4);
    end();
    begin(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    ok(elsewhere(() -> cuMemAlloc(new CUdeviceptr(), 4)));
    end();
    begin(CU_STREAM_CAPTURE_MODE_GLOBAL);
    assertThat(elsewhere(() -> cuMemAlloc(new CUdeviceptr(), 4))).isEqualTo(UNSUPPORTED);
    assertThat(cuStreamEndCapture(stream, new CUgraph())).isEqualTo(INVALIDATED);
  }

  /** Makes the call in another thread. */
  private int elsewhere(IntSupplier call) {
    return CompletableFuture.supplyAsync(
            () -> {
              ok(cuCtxSetCurrent(sim.context()));
              return call.getAsInt();
            },
            runnable -> new Thread(runnable).start())
        .join();
  }

  @Test
  void theDefaultStreamCannotBeCapturedNorUsedBesideABlockingOne() {
    assertThat(cuStreamBeginCapture(CU_STREAM_LEGACY, CU_STREAM_CAPTURE_MODE_RELAXED))
        .isEqualTo(UNSUPPORTED);
    CUdeviceptr x = ints(1);
    stream = new CUstream();
    ok(cuStreamCreate(stream, CUstream_flags.CU_STREAM_DEFAULT));
    begin(CU_STREAM_CAPTURE_MODE_RELAXED);
    assertThat(launch(addOne, 1, 32, 0, x, 1))
        .isEqualTo(CUresult.CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
    assertThat(cuStreamEndCapture(stream, new CUgraph())).isEqualTo(INVALIDATED);
  }

  @Test
  void aCaptureCannotWaitForWorkOutsideIt() {
    CUevent outside = event();
    ok(cuEventRecord(outside, stream()));
    begin(CU_STREAM_CAPTURE_MODE_RELAXED);
    assertThat(cuStreamWaitEvent(stream, outside, 0))
        .isEqualTo(CUresult.CUDA_ERROR_STREAM_CAPTURE_ISOLATION);
    assertThat(cuStreamEndCapture(stream, new CUgraph())).isEqualTo(INVALIDATED);
  }

  @Test
  void anotherThreadCannotEndACaptureOfThisOne() {
    begin(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    assertThat(elsewhere(() -> cuStreamEndCapture(stream, new CUgraph())))
        .isEqualTo(CUresult.CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
    end();
  }

  @Test
  void aReplayFindsThatItsMemoryIsGone() {
    CUdeviceptr x = ints(1);
    begin(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    ok(launch(addOne, 1, 32, 0, stream, x, 1));
    CUgraphExec exec = end();
    ok(cuMemFree(x));
    ok(cuGraphLaunch(exec, stream));
    assertThat(cuStreamSynchronize(stream)).isEqualTo(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
  }

  @Test
  void graphsAreBuiltByHandToo() {
    CUdeviceptr x = ints(1);
    CUgraph graph = new CUgraph();
    ok(cuGraphCreate(graph, 0));
    CUDA_KERNEL_NODE_PARAMS parameters = new CUDA_KERNEL_NODE_PARAMS();
    parameters.func = addOne;
    parameters.gridDimX = 1;
    parameters.gridDimY = 1;
    parameters.gridDimZ = 1;
    parameters.blockDimX = 32;
    parameters.blockDimY = 1;
    parameters.blockDimZ = 1;
    parameters.kernelParams = arguments(x, 1);
    CUgraphNode first = new CUgraphNode();
    ok(cuGraphAddKernelNode(first, graph, null, 0, parameters));
    CUgraphNode second = new CUgraphNode();
    ok(cuGraphAddKernelNode(second, graph, new CUgraphNode[] {first}, 1, parameters));
    int[] type = {-1};
    ok(cuGraphNodeGetType(second, type));
    assertThat(type[0]).isZero();
    replay(instantiate(graph));
    assertThat(ints(x, 1)).containsExactly(3);
  }
}
