package dev.kiln.cuda;

import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.backend.View;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/**
 * Matrix products by cuBLAS, with a workspace of its own, so that it never allocates and gives the
 * same bits every time. FLOAT32 is computed in FLOAT32, the 16-bit types accumulate in FLOAT32.
 */
final class Blas implements AutoCloseable {
  /** What NVIDIA recommends for Hopper; older GPUs need less. */
  private static final long WORKSPACE = 32L << 20;

  private final cublasHandle handle = new cublasHandle();
  private final Chunk workspace;
  private final DeviceAllocator memory;
  private final ByteBuffer factors =
      ByteBuffer.allocateDirect(2 * Double.BYTES).order(ByteOrder.nativeOrder());
  private final Pointer alphaPointer = Pointer.to(factors);
  private final Pointer betaPointer = alphaPointer.withByteOffset(Double.BYTES);

  Blas(Natives natives, Driver driver, DeviceAllocator memory) {
    natives.needCublas();
    this.memory = memory;
    driver.makeCurrent();
    check(JCublas2.cublasCreate(handle), "cublasCreate");
    check(JCublas2.cublasSetStream(handle, new cudaStream_t(driver.stream())), "cublasSetStream");
    workspace = memory.alloc(WORKSPACE);
    check(
        JCublas2.cublasSetWorkspace(handle, Staging.at(workspace.address()), WORKSPACE),
        "cublasSetWorkspace");
  }

  /**
   * One operand of a product as it lies in memory.
   *
   * @param address its first element
   * @param transposed whether it is given transposed
   * @param row the distance of its rows, in elements
   * @param batch the distance of its matrices; 0 repeats one
   */
  record Operand(long address, boolean transposed, long row, long batch) {
    static Operand of(View x, boolean transposed) {
      long batch = x.shape().dim(0) == 1 ? 0 : x.shape().dim(1) * x.shape().dim(2);
      return new Operand(CudaStorage.address(x), transposed, x.shape().dim(2), batch);
    }

    int operation() {
      return transposed ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    }
  }

  /**
   * Computes {@code out = alpha op(a) op(b) + beta out}, row-major [batch, m, n].
   *
   * <p>cuBLAS counts columns first, so to it every matrix here is its own transpose: it is asked
   * for {@code out' = op(b)' op(a)'}.
   */
  void product(View out, Operand a, Operand b, long k, double alpha, double beta) {
    DType dtype = out.dtype();
    if (dtype == DType.FLOAT64) {
      factors.putDouble(0, alpha).putDouble(Double.BYTES, beta);
    } else {
      factors.putFloat(0, (float) alpha).putFloat(Double.BYTES, (float) beta);
    }
    long m = out.shape().dim(1);
    long n = out.shape().dim(2);
    int type = type(dtype);
    check(
        // Without "_new" JCuda calls an overload that takes no compute type but a data type.
        JCublas2.cublasGemmStridedBatchedEx_new(
            handle,
            b.operation(),
            a.operation(),
            size(n),
            size(m),
            size(k),
            alphaPointer,
            Staging.at(b.address()),
            type,
            size(Math.max(1, b.row())),
            b.batch(),
            Staging.at(a.address()),
            type,
            size(Math.max(1, a.row())),
            a.batch(),
            betaPointer,
            Staging.at(CudaStorage.address(out)),
            type,
            size(n),
            m * n,
            size(out.shape().dim(0)),
            dtype == DType.FLOAT64
                ? cublasComputeType.CUBLAS_COMPUTE_64F
                : cublasComputeType.CUBLAS_COMPUTE_32F,
            DEFAULT_ALGORITHM),
        "cublasGemmStridedBatchedEx(" + out + ", k " + k + ")");
  }

  private static final int DEFAULT_ALGORITHM = -1; // CUBLAS_GEMM_DEFAULT

  private static int type(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> cudaDataType.CUDA_R_32F;
      case FLOAT64 -> cudaDataType.CUDA_R_64F;
      case FLOAT16 -> cudaDataType.CUDA_R_16F;
      case BFLOAT16 -> cudaDataType.CUDA_R_16BF;
      default -> throw new AssertionError(dtype);
    };
  }

  private static int size(long n) {
    if (n > Integer.MAX_VALUE) {
      throw new KilnException("[matmul] cuBLAS takes sizes below 2^31, not " + n);
    }
    return (int) n;
  }

  private static void check(int status, String what) {
    if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      throw new KilnException(
          "[cuda] " + what + ": " + cublasStatus.stringFor(status) + " (" + status + ")");
    }
  }

  @Override
  public void close() {
    check(JCublas2.cublasDestroy(handle), "cublasDestroy");
    memory.free(workspace);
  }
}
