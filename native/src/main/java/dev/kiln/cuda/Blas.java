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
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/**
 * Matrix products by cuBLAS, with a workspace of its own, so that it never allocates and gives the
 * same bits every time. FLOAT32 is computed in FLOAT32 unless TF32 is asked for; the 16-bit types
 * are summed in FLOAT32 to the end.
 */
final class Blas implements AutoCloseable {
  /** What NVIDIA recommends for Hopper and later; 32 MiB. */
  private static final long LARGE_WORKSPACE = 32L << 20;

  /** What NVIDIA recommends for older GPUs. */
  private static final long SMALL_WORKSPACE = 4L << 20;

  private static final int HOPPER = 90;
  private static final int DEFAULT_ALGORITHM = -1; // CUBLAS_GEMM_DEFAULT

  private final cublasHandle handle = new cublasHandle();
  private final DeviceAllocator memory;
  private final Closing closing = new Closing();
  private final ByteBuffer factors =
      ByteBuffer.allocateDirect(2 * Double.BYTES).order(ByteOrder.nativeOrder());
  private final Pointer alphaPointer = Pointer.to(factors);
  private final Pointer betaPointer = alphaPointer.withByteOffset(Double.BYTES);

  Blas(Natives natives, Driver driver, DeviceAllocator memory) {
    natives.needCublas();
    this.memory = memory;
    driver.makeCurrent();
    try {
      open(driver);
    } catch (RuntimeException e) {
      closing.closeAfter(e);
      throw e;
    }
  }

  private void open(Driver driver) {
    long bytes = driver.computeCapability() >= HOPPER ? LARGE_WORKSPACE : SMALL_WORKSPACE;
    Segment workspace = closing.add(memory.apart(bytes), memory::giveBack);
    check(JCublas2.cublasCreate(handle), "cublasCreate");
    closing.add(() -> check(JCublas2.cublasDestroy(handle), "cublasDestroy"));
    check(JCublas2.cublasSetStream(handle, new cudaStream_t(driver.stream())), "cublasSetStream");
    check(
        JCublas2.cublasSetMathMode(
            handle, cublasMath.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION),
        "cublasSetMathMode");
    check(
        JCublas2.cublasSetWorkspace(handle, Staging.at(workspace.address()), bytes),
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
   * Computes {@code out = alpha op(a) op(b) + beta out}, row-major [batch, m, n]; nothing of size
   * 0.
   *
   * <p>cuBLAS counts columns first, so to it every matrix here is its own transpose: it is asked
   * for {@code out' = op(b)' op(a)'}. A batch whose right operand is one matrix is one product of
   * all its rows.
   *
   * @param tf32 whether FLOAT32 operands are to be rounded to TF32
   */
  void product(View out, Operand a, Operand b, long k, double alpha, double beta, boolean tf32) {
    if (out.dtype() == DType.FLOAT64) {
      factors.putDouble(0, alpha).putDouble(Double.BYTES, beta);
    } else {
      factors.putFloat(0, (float) alpha).putFloat(Double.BYTES, (float) beta);
    }
    long batch = out.shape().dim(0);
    long m = out.shape().dim(1);
    boolean rows = !a.transposed() && a.batch() == m * k && b.batch() == 0;
    if (batch > 1 && rows && batch * m <= Integer.MAX_VALUE) {
      m *= batch;
      batch = 1;
    }
    int status = batch == 1 ? one(out, a, b, m, k, tf32) : several(out, a, b, batch, m, k, tf32);
    if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      String call = batch == 1 ? "cublasGemmEx" : "cublasGemmStridedBatchedEx";
      throw failed(status, "matmul(" + out + ", inner size " + k + "): " + call);
    }
  }

  // Without "_new" JCuda calls overloads that take no compute type but a data type.

  private int one(View out, Operand a, Operand b, long m, long k, boolean tf32) {
    int type = type(out.dtype());
    int n = size("columns", out.shape().dim(2));
    return JCublas2.cublasGemmEx_new(
        handle,
        b.operation(),
        a.operation(),
        n,
        size("rows", m),
        size("inner size", k),
        alphaPointer,
        Staging.at(b.address()),
        type,
        size("columns", b.row()),
        Staging.at(a.address()),
        type,
        size("columns", a.row()),
        betaPointer,
        Staging.at(CudaStorage.address(out)),
        type,
        n,
        compute(out.dtype(), tf32),
        DEFAULT_ALGORITHM);
  }

  private int several(View out, Operand a, Operand b, long batch, long m, long k, boolean tf32) {
    int type = type(out.dtype());
    int n = size("columns", out.shape().dim(2));
    return JCublas2.cublasGemmStridedBatchedEx_new(
        handle,
        b.operation(),
        a.operation(),
        n,
        size("rows", m),
        size("inner size", k),
        alphaPointer,
        Staging.at(b.address()),
        type,
        size("columns", b.row()),
        b.batch(),
        Staging.at(a.address()),
        type,
        size("columns", a.row()),
        a.batch(),
        betaPointer,
        Staging.at(CudaStorage.address(out)),
        type,
        n,
        m * n,
        size("matrices", batch),
        compute(out.dtype(), tf32),
        DEFAULT_ALGORITHM);
  }

  private static int compute(DType dtype, boolean tf32) {
    if (dtype == DType.FLOAT64) {
      return cublasComputeType.CUBLAS_COMPUTE_64F;
    }
    return tf32
        ? cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32
        : cublasComputeType.CUBLAS_COMPUTE_32F;
  }

  private static int type(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> cudaDataType.CUDA_R_32F;
      case FLOAT64 -> cudaDataType.CUDA_R_64F;
      case FLOAT16 -> cudaDataType.CUDA_R_16F;
      case BFLOAT16 -> cudaDataType.CUDA_R_16BF;
      default -> throw new AssertionError(dtype);
    };
  }

  private static int size(String what, long n) {
    if (n > Integer.MAX_VALUE) {
      throw new KilnException(
          "[matmul] "
              + n
              + " "
              + what
              + ": cuBLAS multiplies matrices of less than 2^31 rows and columns; multiply parts,"
              + " x.narrow(axis, start, length), and concatenate them");
    }
    return (int) n;
  }

  private static void check(int status, String what) {
    if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      throw failed(status, what);
    }
  }

  private static CudaException failed(int status, String what) {
    return CudaException.ofLibrary(
        what, cublasStatus.stringFor(status), status, StatusMends.ofCublas(status));
  }

  @Override
  public void close() {
    closing.close();
  }
}
