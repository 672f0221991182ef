package dev.kiln.cuda.sim;

import static dev.kiln.cuda.sim.Sim.*;
import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * That the faults of kernels are found, told apart and explained, and that the JVM outlives them.
 */
class SimFaultTest {
  private Sim sim;
  private CUmodule wrong;

  @BeforeEach
  void open() {
    sim = Sim.open();
    wrong = sim.module("wrong");
  }

  @AfterEach
  void close() {
    if (sim != null) {
      sim.close();
    }
  }

  /** Launches a kernel that must fail: the launch itself succeeds, and the next call tells. */
  private void fails(int status, String kernel, int threads, int shared, Object... arguments) {
    ok(launch(sim.function(wrong, kernel), 1, threads, shared, arguments));
    assertThat(cuCtxSynchronize()).as(SimControl.report()).isEqualTo(status);
    assertThat(SimControl.report()).startsWith(kernel + ": block (0,0,0)");
  }

  @Test
  void findsWritesBehindAnAllocation() {
    CUdeviceptr x = allocate(4096);
    fails(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "wrong_behind", 1, 0, x, 1024L);
    assertThat(SimControl.report())
        .contains("thread (0,0,0) writes to")
        .contains("0 bytes behind the end of allocation")
        .contains("4096 bytes of device memory");
  }

  @Test
  void findsWritesIntoTheSlackBehindAnAllocation() {
    CUdeviceptr x = allocate(4); // aligned to 256 bytes, so 252 bytes follow in the same page
    ok(launch(sim.function(wrong, "wrong_behind"), 1, 1, 0, x, 1L));
    assertThat(cuCtxSynchronize()).isEqualTo(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
    assertThat(SimControl.report()).contains("wrong_behind: byte 0 behind the end of allocation");
  }

  @Test
  void findsWritesBeforeAnAllocation() {
    CUdeviceptr x = allocate(256);
    ok(launch(sim.function(wrong, "wrong_behind"), 1, 1, 0, x, -1L));
    assertThat(cuCtxSynchronize()).isEqualTo(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
    assertThat(SimControl.report()).contains("before the start of allocation");
  }

  @Test
  void findsUseAfterFree() {
    CUdeviceptr x = allocate(4096);
    ok(cuMemFree(x));
    fails(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "wrong_behind", 1, 0, x, 3L);
    assertThat(SimControl.report()).contains("byte 12 of freed allocation");
  }

  @Test
  void findsNullPointers() {
    fails(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "wrong_behind", 1, 0, new CUdeviceptr(), 0L);
    assertThat(SimControl.report()).contains("a null pointer");
  }

  @Test
  void findsVectorLoadsThatAreNotAligned() {
    CUdeviceptr x = floats(1, 2, 3, 4, 5, 6, 7, 8);
    CUdeviceptr y = allocate(16);
    ok(launch(sim.function(wrong, "wrong_unaligned"), 1, 1, 0, x, y, 4));
    ok(cuCtxSynchronize());
    assertThat(floats(y, 4)).containsExactly(5, 6, 7, 8);
    fails(CUresult.CUDA_ERROR_MISALIGNED_ADDRESS, "wrong_unaligned", 1, 0, x, y, 1);
    assertThat(SimControl.report())
        .contains("'const struct float4'")
        .contains("wrong.cu:")
        .contains("no multiple of 16");
  }

  @Test
  void findsBarriersInDivergentCode() {
    fails(
        CUresult.CUDA_ERROR_LAUNCH_FAILED, "wrong_divergent_barrier", 32, 0, floats(new float[32]));
    assertThat(SimControl.report()).contains("a barrier in divergent code");
  }

  @Test
  void findsThreadsThatNeverArrive() {
    fails(CUresult.CUDA_ERROR_LAUNCH_FAILED, "wrong_never_arrives", 32, 0, floats(new float[32]));
    assertThat(SimControl.report())
        .contains("32 of its threads never get on")
        .contains("lanes ffff0000 of warp 0 wait in __syncwarp")
        .contains("16 threads wait in the __syncthreads");
  }

  @ParameterizedTest
  @ValueSource(strings = {"wrong_mask", "wrong_masks_differ", "wrong_operations_differ"})
  void findsWarpOperationsThatDoNotMatch(String kernel) {
    fails(CUresult.CUDA_ERROR_LAUNCH_FAILED, kernel, 32, 0, floats(new float[32]));
    assertThat(SimControl.report()).contains("_sync");
  }

  @Test
  void showsAMissingBarrierByTheOrderOfTheThreads() {
    float[] x = new float[64];
    for (int i = 0; i < 64; i++) {
      x[i] = i;
    }
    CUdeviceptr in = floats(x);
    int[] right = new int[2];
    for (int order = 0; order < 2; order++) {
      SimControl.setReverse(order == 1);
      CUdeviceptr out = floats(new float[64]);
      ok(launch(sim.function(wrong, "wrong_race"), 1, 64, 0, in, out));
      float[] y = floats(out, 64);
      for (int i = 0; i < 64; i++) {
        right[order] += y[i] == 63 - i ? 1 : 0;
      }
    }
    assertThat(right).doesNotContain(64); // half of the threads read what is not yet written
  }

  @Test
  void sharedMemoryStartsUnset() {
    CUdeviceptr y = floats(new float[64]);
    for (int launch = 0; launch < 2; launch++) {
      ok(launch(sim.function(wrong, "wrong_unset_shared"), 1, 64, 0, y));
      float[] values = floats(y, 64);
      assertThat(values[62]).isEqualTo(1);
      assertThat(values[63]).isNaN();
    }
  }

  @Test
  void findsUseBehindDynamicSharedMemory() {
    CUdeviceptr y = floats(new float[32]);
    fails(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "wrong_behind_shared", 32, 128, y, 1);
    assertThat(SimControl.report()).contains("behind the 128 bytes of dynamic shared memory");
  }

  @Test
  void findsDivisionsByZeroFailedAssertionsTrapsAndFullStacks() {
    CUdeviceptr y = allocate(128);
    fails(CUresult.CUDA_ERROR_LAUNCH_FAILED, "wrong_division", 32, 0, y, 0);
    assertThat(SimControl.report()).contains("divides an integer by zero");
    SimControl.heal();
    fails(CUresult.CUDA_ERROR_ASSERT, "wrong_assertion", 32, 0, y, 20);
    assertThat(SimControl.report()).contains("thread (20,0,0) fails assert(n > int(threadIdx.x))");
    SimControl.heal();
    fails(CUresult.CUDA_ERROR_LAUNCH_FAILED, "wrong_trap", 32, 0, y);
    SimControl.heal();
    fails(CUresult.CUDA_ERROR_LAUNCH_FAILED, "wrong_stack", 32, 0, y, 100_000);
    assertThat(SimControl.report()).contains("local memory");
  }

  @Test
  void anErrorStaysUntilTheContextIsDestroyed() {
    CUdeviceptr x = allocate(4096);
    fails(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "wrong_behind", 1, 0, x, 1024L);
    int error = CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;
    assertThat(cuMemAlloc(new CUdeviceptr(), 4)).isEqualTo(error);
    assertThat(cuMemcpyHtoD(x, Pointer.to(new float[1]), 4)).isEqualTo(error);
    assertThat(cuStreamSynchronize(null)).isEqualTo(error);
    sim.reopen();
    assertThat(floats(floats(7), 1)).containsExactly(7);
  }

  @Test
  void leavesTheSignalsOfTheJvmAlone() {
    CUdeviceptr x = allocate(4096);
    fails(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "wrong_behind", 1, 0, x, 1024L);
    // Compiled code checks for null by letting the access fault.
    int caught = 0;
    for (int i = 0; i < 100_000; i++) {
      try {
        caught += lengthOf(i % 2 == 0 ? null : "a");
      } catch (NullPointerException e) {
        caught += 2;
      }
    }
    assertThat(caught).isEqualTo(50_000 + 2 * 50_000);
  }

  private static int lengthOf(String text) {
    return text.length();
  }
}
