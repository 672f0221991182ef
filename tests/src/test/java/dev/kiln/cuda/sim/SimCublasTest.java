package dev.kiln.cuda.sim;

import static dev.kiln.cuda.sim.Sim.*;
import static jcuda.driver.JCudaDriver.*;
import static jcuda.jcublas.JCublas2.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasPointerMode;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** That the stand-in for cuBLAS multiplies as three plain loops do, in all its types and modes. */
class SimCublasTest {
  private static final int N = 0;
  private static final int T = 1;
  private static final int ANY_ALGORITHM = -1;

  private Sim sim;
  private cublasHandle handle;

  @BeforeEach
  void open() {
    sim = Sim.open();
    handle = new cublasHandle();
    ok(cublasCreate(handle));
  }

  @AfterEach
  void close() {
    if (sim != null) {
      cublasDestroy(handle);
      sim.close();
    }
  }

  private static float[] some(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Element (i, j) of op(A), where A is column-major. */
  private static double at(float[] a, int start, int op, int i, int j, int leading) {
    return op == N ? a[start + i + j * leading] : a[start + j + i * leading];
  }

  private static double product(
      float[] a,
      int aStart,
      int aOp,
      int lda,
      float[] b,
      int bStart,
      int bOp,
      int ldb,
      int i,
      int j,
      int k) {
    double sum = 0;
    for (int p = 0; p < k; p++) {
      sum += at(a, aStart, aOp, i, p, lda) * at(b, bStart, bOp, p, j, ldb);
    }
    return sum;
  }

  private static Pointer one(float value) {
    return Pointer.to(new float[] {value});
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 1, 1, 1",
    "1, 0, 7, 5, 3",
    "0, 1, 16, 6, 300",
    "1, 1, 33, 31, 17",
    "0, 0, 200, 100, 257"
  })
  void multipliesMatricesOfAllShapes(int aOp, int bOp, int m, int n, int k) {
    Random random = new Random(5);
    int lda = (aOp == N ? m : k) + 3;
    int ldb = (bOp == N ? k : n) + 1;
    int ldc = m + 2;
    float[] a = some(random, lda * (aOp == N ? k : m));
    float[] b = some(random, ldb * (bOp == N ? n : k));
    float[] c = some(random, ldc * n);
    CUdeviceptr out = floats(c);
    ok(
        cublasSgemm(
            handle, aOp, bOp, m, n, k, one(2), floats(a), lda, floats(b), ldb, one(-1), out, ldc));
    float[] result = floats(out, c.length);
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < ldc; i++) {
        int at = i + j * ldc;
        double expected =
            i < m ? 2 * product(a, 0, aOp, lda, b, 0, bOp, ldb, i, j, k) - c[at] : c[at];
        assertThat((double) result[at]).isCloseTo(expected, within(1e-5 * Math.sqrt(k + 10)));
      }
    }
  }

  @Test
  void doesNotReadTheResultWhereBetaIsZeroNorTheInputsWhereAlphaIs() {
    CUdeviceptr unset = allocate(4);
    ok(cublasSgemm(handle, N, N, 1, 1, 1, one(1), floats(3), 1, floats(4), 1, one(0), unset, 1));
    assertThat(floats(unset, 1)).containsExactly(12);
    CUdeviceptr nan = floats(Float.NaN);
    CUdeviceptr c = floats(5);
    ok(cublasSgemm(handle, N, N, 1, 1, 1, one(0), nan, 1, nan, 1, one(2), c, 1));
    assertThat(floats(c, 1)).containsExactly(10);
    // An empty sum is zero.
    ok(cublasSgemm(handle, N, N, 1, 1, 0, one(1), c, 1, c, 1, one(0), c, 1));
    assertThat(floats(c, 1)).containsExactly(0);
  }

  @Test
  void multipliesBatchesWithStrides() {
    Random random = new Random(6);
    int m = 9;
    int n = 8;
    int k = 10;
    int batch = 4;
    float[] a = some(random, m * k); // the same for all: stride 0
    float[] b = some(random, k * n * batch);
    CUdeviceptr c = allocate(4L * m * n * batch);
    ok(
        cublasSgemmStridedBatched(
            handle,
            N,
            T,
            m,
            n,
            k,
            one(1),
            floats(a),
            m,
            0,
            floats(b),
            n,
            (long) k * n,
            one(0),
            c,
            m,
            (long) m * n,
            batch));
    float[] result = floats(c, m * n * batch);
    for (int q = 0; q < batch; q++) {
      for (int j = 0; j < n; j++) {
        for (int i = 0; i < m; i++) {
          assertThat((double) result[q * m * n + i + j * m])
              .isCloseTo(product(a, 0, N, m, b, q * k * n, T, n, i, j, k), within(1e-5));
        }
      }
    }
  }

  @Test
  void multipliesDoublesExactly() {
    double tiny = 0x1p-40;
    CUdeviceptr a = doubles(1 + tiny, 1);
    CUdeviceptr c = allocate(8);
    Pointer alpha = Pointer.to(new double[] {1});
    Pointer beta = Pointer.to(new double[] {0});
    ok(cublasDgemm(handle, N, N, 1, 1, 2, alpha, a, 1, doubles(1, -1), 2, beta, c, 1));
    assertThat(doubles(c, 1)).containsExactly(tiny);
    ok(
        cublasDgemmStridedBatched(
            handle, N, N, 1, 1, 2, alpha, a, 1, 2, doubles(1, 1), 2, 2, beta, c, 1, 1, 1));
    assertThat(doubles(c, 1)).containsExactly(2 + tiny);
  }

  @Test
  void accumulatesSixteenBitTypesInFloat() {
    // 2048 + 1 + 1 is 2048 if summed in half, 2050 in float.
    short[] ones = {0x3c00, 0x3c00, 0x3c00};
    short[] halves = {0x6800, 0x3c00, 0x3c00};
    CUdeviceptr c = allocate(2);
    int half = cudaDataType.CUDA_R_16F;
    int in32 = cublasComputeType.CUBLAS_COMPUTE_32F;
    ok(
        cublasGemmEx_new(
            handle,
            N,
            N,
            1,
            1,
            3,
            one(1),
            shorts(halves),
            half,
            1,
            shorts(ones),
            half,
            3,
            one(0),
            c,
            half,
            1,
            in32,
            ANY_ALGORITHM));
    assertThat(shorts(c, 1)).containsExactly(0x6801);
    // The same in bfloat16 with a result in float: 256 + 1 + 1.
    short[] bOnes = {0x3f80, 0x3f80, 0x3f80};
    short[] bfloats = {0x4380, 0x3f80, 0x3f80};
    CUdeviceptr wide = allocate(4);
    int bfloat = cudaDataType.CUDA_R_16BF;
    ok(
        cublasGemmStridedBatchedEx_new(
            handle,
            N,
            N,
            1,
            1,
            3,
            one(1),
            shorts(bfloats),
            bfloat,
            1,
            0,
            shorts(bOnes),
            bfloat,
            3,
            0,
            one(0),
            wide,
            cudaDataType.CUDA_R_32F,
            1,
            0,
            1,
            in32,
            ANY_ALGORITHM));
    assertThat(floats(wide, 1)).containsExactly(258);
  }

  @Test
  void roundsItsInputsInTheFastModes() {
    float x = 1 + 0x1p-9f + 0x1p-12f; // TF32 keeps 10 bits behind the point, bfloat16 7
    CUdeviceptr in = floats(x);
    CUdeviceptr c = allocate(4);
    ok(cublasSgemm(handle, N, N, 1, 1, 1, one(1), in, 1, floats(1), 1, one(0), c, 1));
    assertThat(floats(c, 1)).containsExactly(x);
    ok(cublasSetMathMode(handle, cublasMath.CUBLAS_TF32_TENSOR_OP_MATH));
    ok(cublasSgemm(handle, N, N, 1, 1, 1, one(1), in, 1, floats(1), 1, one(0), c, 1));
    assertThat(floats(c, 1)).containsExactly(1 + 0x1p-9f);
    int single = cudaDataType.CUDA_R_32F;
    ok(
        cublasGemmEx_new(
            handle,
            N,
            N,
            1,
            1,
            1,
            one(1),
            in,
            single,
            1,
            floats(1),
            single,
            1,
            one(0),
            c,
            single,
            1,
            cublasComputeType.CUBLAS_COMPUTE_32F_FAST_16BF,
            ANY_ALGORITHM));
    assertThat(floats(c, 1)).containsExactly(1);
  }

  @Test
  void takesItsScalarsFromTheDevice() {
    ok(cublasSetPointerMode(handle, cublasPointerMode.CUBLAS_POINTER_MODE_DEVICE));
    CUdeviceptr scalars = floats(3, 1);
    CUdeviceptr c = floats(100);
    CUdeviceptr beta = scalars.withByteOffset(4);
    ok(cublasSgemm(handle, N, N, 1, 1, 1, scalars, floats(2), 1, floats(5), 1, beta, c, 1));
    assertThat(floats(c, 1)).containsExactly(130);
  }

  @Test
  void isCapturedWithItsStream() {
    CUstream stream = new CUstream();
    ok(cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    ok(cublasSetStream(handle, new cudaStream_t(stream)));
    CUdeviceptr a = floats(2);
    CUdeviceptr c = floats(1);
    ok(cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    ok(cublasSgemm(handle, N, N, 1, 1, 1, one(1), a, 1, floatsOf(a), 1, one(1), c, 1));
    CUgraph graph = new CUgraph();
    ok(cuStreamEndCapture(stream, graph));
    assertThat(floats(c, 1)).containsExactly(1);
    CUgraphExec exec = new CUgraphExec();
    ok(cuGraphInstantiate(exec, graph, 0));
    for (int i = 0; i < 3; i++) {
      ok(cuGraphLaunch(exec, stream));
    }
    ok(cuStreamSynchronize(stream));
    assertThat(floats(c, 1)).containsExactly(13);
  }

  private static CUdeviceptr floatsOf(CUdeviceptr pointer) {
    return pointer.withByteOffset(0);
  }

  @Test
  void findsMatricesThatAreTooSmall() {
    CUdeviceptr a = floats(new float[1024]);
    ok(cublasSgemm(handle, N, N, 64, 1, 64, one(1), a, 64, a, 64, one(0), allocate(256), 64));
    assertThat(cuCtxSynchronize()).isEqualTo(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
    assertThat(SimControl.report())
        .startsWith("cublasSgemm: reads from")
        .contains("0 bytes behind the end of allocation");
    assertThat(cublasSgemm(handle, N, N, 1, 1, 1, one(1), a, 1, a, 1, one(0), a, 1))
        .isEqualTo(cublasStatus.CUBLAS_STATUS_EXECUTION_FAILED);
  }

  @Test
  void refusesWhatCublasRefuses() {
    CUdeviceptr a = floats(1);
    int invalid = cublasStatus.CUBLAS_STATUS_INVALID_VALUE;
    assertThat(cublasSgemm(handle, N, N, 2, 1, 1, one(1), a, 1, a, 1, one(0), a, 2))
        .isEqualTo(invalid); // lda < m
    assertThat(cublasSgemm(handle, N, N, -1, 1, 1, one(1), a, 1, a, 1, one(0), a, 1))
        .isEqualTo(invalid);
    int half = cudaDataType.CUDA_R_16F;
    int bfloat = cudaDataType.CUDA_R_16BF;
    assertThat(
            cublasGemmEx_new(
                handle,
                N,
                N,
                1,
                1,
                1,
                one(1),
                a,
                half,
                1,
                a,
                bfloat,
                1,
                one(0),
                a,
                half,
                1,
                cublasComputeType.CUBLAS_COMPUTE_32F,
                ANY_ALGORITHM))
        .isEqualTo(cublasStatus.CUBLAS_STATUS_NOT_SUPPORTED);
    assertThat(cublasSetWorkspace(handle, allocate(256), 512)).isEqualTo(invalid);
    ok(cublasSetWorkspace(handle, allocate(512), 512));
    // A function that no stand-in has answers, and does not crash.
    assertThat(cublasSdgmm(handle, 0, 1, 1, a, 1, a, 1, a, 1))
        .isEqualTo(cublasStatus.CUBLAS_STATUS_NOT_SUPPORTED);
    assertThat(SimControl.report()).contains("cublasSdgmm is not simulated");
  }

  @Test
  void givesTheSameBitsEveryTime() {
    Random random = new Random(7);
    CUdeviceptr a = floats(some(random, 100 * 300));
    CUdeviceptr b = floats(some(random, 300 * 50));
    CUdeviceptr c = allocate(4 * 100 * 50);
    ok(cublasSgemm(handle, N, N, 100, 50, 300, one(1), a, 100, b, 300, one(0), c, 100));
    float[] first = floats(c, 5000);
    SimControl.setThreads(2);
    SimControl.setReverse(true);
    ok(cublasSgemm(handle, N, N, 100, 50, 300, one(1), a, 100, b, 300, one(0), c, 100));
    assertThat(floats(c, 5000)).containsExactly(first);
  }
}
