package dev.kiln.cuda;

import dev.kiln.KilnException;
import java.util.Locale;
import jcuda.driver.CUresult;

/** A call to the driver, to a library or to a kernel that failed, with its status. */
public final class CudaException extends KilnException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /**
   * Makes the exception of a failed call.
   *
   * @param what the op with its operands, or the call
   * @param status what the call returned
   * @param detail the call, where an op was named, or what else is known; may be empty
   */
  CudaException(String what, int status, String detail) {
    super(text(what, status, detail));
    this.status = status;
  }

  private CudaException(String message, int status) {
    super(message);
    this.status = status;
  }

  /**
   * Makes the exception of a failed call to cuBLAS or cuDNN.
   *
   * @param what the call, after the op with its operands where it has one
   * @param words what the library calls the status
   * @param status what the call returned
   * @param mend what to do about it
   */
  static CudaException ofLibrary(String what, String words, int status, String mend) {
    return new CudaException(
        "[cuda] " + what + ": " + words + " (" + status + "); " + mend, status);
  }

  /**
   * Returns what the failed call returned.
   *
   * @return a CUresult, a status of cuBLAS or cuDNN, or one of Kiln's launchers from 10001 on
   */
  public int status() {
    return status;
  }

  private static String text(String what, int status, String detail) {
    String known =
        switch (status) {
          case Launchers.NO_IMAGE, Launchers.NO_KERNEL, Launchers.BAD_ARGUMENT -> "";
          default -> words(status) + " (error " + status + ")";
        };
    String both = known.isEmpty() || detail.isEmpty() ? detail + known : detail + ": " + known;
    return "[cuda] " + what + ": " + both + "; " + StatusMends.ofDriver(status);
  }

  /** {@code CUDA_ERROR_ILLEGAL_ADDRESS} as "illegal address". */
  private static String words(int status) {
    return CUresult.stringFor(status)
        .replace("CUDA_ERROR_", "")
        .replace('_', ' ')
        .toLowerCase(Locale.ROOT);
  }
}
