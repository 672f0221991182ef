package dev.kiln.cuda.sim;

import static dev.kiln.cuda.sim.Sim.*;
import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;

import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** That any call can be made to fail, now or later, and that calls are counted. */
class SimFailureTest {
  private Sim sim;

  @BeforeEach
  void open() {
    sim = Sim.open();
    SimControl.resetCalls();
  }

  @AfterEach
  void close() {
    if (sim != null) {
      sim.close();
    }
  }

  private static int allocateOnce() {
    return cuMemAlloc(new CUdeviceptr(), 16);
  }

  @Test
  void theNthCallFailsAndDoesNothing() {
    long used = SimControl.memoryUsed();
    SimControl.fail("cuMemAlloc", 2, 1, CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    ok(allocateOnce());
    assertThat(allocateOnce()).isEqualTo(CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    ok(allocateOnce());
    assertThat(SimControl.memoryUsed()).isEqualTo(used + 32);
    assertThat(SimControl.calls("cuMemAlloc")).isEqualTo(3);
  }

  @Test
  void failuresCanGoOn() {
    SimControl.fail("cuMemAlloc", 1, 2, CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    assertThat(allocateOnce()).isEqualTo(CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    assertThat(allocateOnce()).isEqualTo(CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    ok(allocateOnce());
    SimControl.fail("cuMemAlloc", 1, -1, CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    for (int i = 0; i < 10; i++) {
      assertThat(allocateOnce()).isEqualTo(CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    }
    SimControl.clearFailures();
    ok(allocateOnce());
  }

  @Test
  void anyCallCanFail() {
    SimControl.fail("*", 2, 1, CUresult.CUDA_ERROR_UNKNOWN);
    ok(allocateOnce());
    assertThat(cuCtxSynchronize()).isEqualTo(CUresult.CUDA_ERROR_UNKNOWN);
    ok(cuCtxSynchronize());
  }

  @Test
  void workFailsLaterAsOnADevice() {
    CUdeviceptr x = ints(1);
    SimControl.failLater("cuLaunchKernel", 1, CUresult.CUDA_ERROR_ECC_UNCORRECTABLE);
    ok(launch(sim.function(sim.module("basic"), "add_one_i32"), 1, 32, 0, x, 1));
    assertThat(cuCtxSynchronize()).isEqualTo(CUresult.CUDA_ERROR_ECC_UNCORRECTABLE);
    assertThat(allocateOnce()).isEqualTo(CUresult.CUDA_ERROR_ECC_UNCORRECTABLE);
  }

  @Test
  void librariesFailWithTheirOwnStatuses() {
    SimControl.fail("cublasCreate", 1, 1, cublasStatus.CUBLAS_STATUS_ALLOC_FAILED);
    cublasHandle blas = new cublasHandle();
    assertThat(JCublas2.cublasCreate(blas)).isEqualTo(cublasStatus.CUBLAS_STATUS_ALLOC_FAILED);
    ok(JCublas2.cublasCreate(blas));
    ok(JCublas2.cublasDestroy(blas));
    SimControl.fail("cudnnCreate", 1, 1, 1001);
    cudnnHandle dnn = new cudnnHandle();
    assertThat(JCudnn.cudnnCreate(dnn)).isEqualTo(1001);
    ok(JCudnn.cudnnCreate(dnn));
    ok(JCudnn.cudnnDestroy(dnn));
  }

  @Test
  void countsSynchronisationAndLaunches() {
    CUdeviceptr x = ints(1);
    var addOne = sim.function(sim.module("basic"), "add_one_i32");
    SimControl.resetCalls();
    for (int i = 0; i < 5; i++) {
      ok(launch(addOne, 1, 32, 0, x, 1));
    }
    ok(cuCtxSynchronize());
    assertThat(SimControl.calls("cuLaunchKernel")).isEqualTo(5);
    assertThat(SimControl.calls("cuCtxSynchronize")).isEqualTo(1);
    assertThat(SimControl.calls("*")).isEqualTo(6);
  }
}
