package dev.kiln.cuda;

import dev.kiln.DType;
import dev.kiln.DeviceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnHandle;
import jcuda.runtime.cudaStream_t;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** cuDNN on one device's stream: its handle, its version, its statuses in words. */
final class Dnn implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Dnn.class);

  private static final int SUCCESS = 0;

  /** From cuDNN 9 on, statuses come in thousands by kind: 3000 to 3999 is "not supported". */
  private static final int KIND = 1000;

  private static final int NOT_SUPPORTED = 3;

  /** The oldest version whose numbers and functions these are. */
  private static final int OLDEST_MAJOR = 9;

  private final cudnnHandle handle = new cudnnHandle();
  private final ByteBuffer numbers =
      ByteBuffer.allocateDirect(4 * Double.BYTES).order(ByteOrder.nativeOrder());

  private Dnn(Driver driver) {
    numbers.putFloat(0, 1).putFloat(Double.BYTES, 0);
    numbers.putDouble(2 * Double.BYTES, 1).putDouble(3 * Double.BYTES, 0);
    driver.makeCurrent();
    check(JCudnn.cudnnCreate(handle), "cudnnCreate");
    int status = JCudnn.cudnnSetStream(handle, new cudaStream_t(driver.stream()));
    if (status != SUCCESS) {
      JCudnn.cudnnDestroy(handle);
      check(status, "cudnnSetStream");
    }
  }

  /**
   * Opens cuDNN; where there is none that works with Kiln, says so once in the log.
   *
   * @throws CudaException if it is there but does not start
   */
  static Optional<Dnn> open(Natives natives, Driver driver) {
    Optional<String> obstacle;
    try {
      natives.needCudnn();
      obstacle = tooOld(JCudnn.cudnnGetVersion());
    } catch (DeviceException e) {
      obstacle = Optional.of(e.getMessage());
    }
    if (obstacle.isPresent()) {
      LOG.warn(withoutIt(obstacle.get()));
      return Optional.empty();
    }
    return Optional.of(new Dnn(driver));
  }

  /** What the log says where cuDNN cannot be used. */
  static String withoutIt(String obstacle) {
    return "Convolutions run slower, as matrix products, without cuDNN: "
        + obstacle
        + ". Install cuDNN "
        + OLDEST_MAJOR
        + " for this machine's CUDA (https://developer.nvidia.com/cudnn, or pip install"
        + " nvidia-cudnn-cu12) and let KILN_CUDA_PATH name its folder.";
  }

  /** Why a version cannot be used, if it cannot. */
  static Optional<String> tooOld(long version) {
    return isTooOld(version)
        ? Optional.of(
            "[cuda] cuDNN "
                + versionText(version)
                + " is too old, Kiln needs "
                + OLDEST_MAJOR
                + " or newer")
        : Optional.empty();
  }

  /** Whether a version, as cuDNN tells it, is older than what Kiln needs. */
  static boolean isTooOld(long version) {
    return version < OLDEST_MAJOR * 10_000L;
  }

  /** A version as people write it: 8.9.7 for 8907. Before 9 it counted its major by 1000. */
  static String versionText(long version) {
    long scale = isTooOld(version) ? 1_000 : 10_000;
    return version / scale + "." + version % scale / 100 + "." + version % 100;
  }

  cudnnHandle handle() {
    return handle;
  }

  /** cuDNN's number of an element type; empty if it convolves no such elements. */
  static Optional<Integer> type(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> Optional.of(cudnnDataType.CUDNN_DATA_FLOAT);
      case FLOAT64 -> Optional.of(cudnnDataType.CUDNN_DATA_DOUBLE);
      case FLOAT16 -> Optional.of(cudnnDataType.CUDNN_DATA_HALF);
      case BFLOAT16 -> Optional.of(cudnnDataType.CUDNN_DATA_BFLOAT16);
      default -> Optional.empty();
    };
  }

  /** The factor 1 in the type that cuDNN wants factors in for these elements. */
  Pointer one(DType dtype) {
    return number(dtype == DType.FLOAT64 ? 2 : 0);
  }

  /** The factor 0 likewise. */
  Pointer zero(DType dtype) {
    return number(dtype == DType.FLOAT64 ? 3 : 1);
  }

  private Pointer number(int place) {
    return Pointer.to(numbers).withByteOffset((long) place * Double.BYTES);
  }

  /** Whether a status says that cuDNN does not do this at all, as opposed to having failed. */
  static boolean isUnsupported(int status) {
    return status / KIND == NOT_SUPPORTED;
  }

  /** Throws what a failed call means. */
  static void check(int status, String what) {
    if (status != SUCCESS) {
      throw CudaException.ofLibrary(
          what, JCudnn.cudnnGetErrorString(status), status, StatusMends.ofCudnn(status));
    }
  }

  @Override
  public void close() {
    check(JCudnn.cudnnDestroy(handle), "cudnnDestroy");
  }
}
