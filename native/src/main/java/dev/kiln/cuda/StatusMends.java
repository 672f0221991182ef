package dev.kiln.cuda;

/** What to do about a call that failed, by its status. */
final class StatusMends {
  private static final String MEMORY =
      "use less memory, such as a smaller batch; nvidia-smi lists who else uses the GPU";
  private static final String DOCTOR =
      "`kiln doctor` examines driver and libraries and says how to mend them";
  private static final String ANEW =
      "the device does no more work for this process: start it anew, with KILN_SYNC=1 in the"
          + " environment to learn which op is at fault";
  private static final String HARDWARE =
      "the GPU reports a fault of its hardware, which nvidia-smi -q shows: start the process anew,"
          + " on another GPU if it comes again";
  private static final String AGAIN =
      "try again; if it stays, `kiln doctor` examines driver and libraries, and KILN_SYNC=1 in the"
          + " environment tells which op is at fault";
  private static final String REPORT = "please report this as a bug of Kiln";

  /** Shows what cuDNN itself says of its failures. */
  static final String CUDNN_LOG =
      "CUDNN_LOGLEVEL_DBG=1 CUDNN_LOGDEST_DBG=stderr in the environment shows cuDNN's reason";

  /** From cuDNN 9 on, statuses come in thousands by kind: 1000 to 1999 is "not ready to work". */
  private static final int CUDNN_KIND = 1000;

  private static final int CUDNN_NOT_READY = 1;
  private static final int CUDNN_DEVICE_ALLOCATION_FAILED = 4004;

  private StatusMends() {}

  /** For a status of the driver or of Kiln's launchers. */
  static String ofDriver(int status) {
    return switch (status) {
      case 2 -> MEMORY; // out of memory
      // no driver, device or image that fits: 3 and 4 started or ended wrongly, 34 a library for
      // linking only, 46 a device that others hold, 100 and 101 no such device, 200 to 225 images
      case 3, 4, 34, 46, 100, 101, 200, 209, 218, 221, 222, 223, 225, 802, 803, 804 -> DOCTOR;
      case 214, 220, 226 -> HARDWARE; // memory or links that lost bits
      // faults of a kernel, from the one that ran too long to the one that failed
      case 700, 702, 710, 714, 715, 716, 717, 718, 719 -> ANEW;
      case Launchers.NO_IMAGE, Launchers.NO_KERNEL -> DOCTOR;
      case Launchers.BAD_ARGUMENT -> REPORT;
      default -> AGAIN;
    };
  }

  /** For a status of cuBLAS. */
  static String ofCublas(int status) {
    return switch (status) {
      case 1, 8, 16 -> DOCTOR; // not initialised, another architecture, licence
      case 3 -> MEMORY;
      case 7, 15 -> REPORT; // wrong value, not supported
      default -> AGAIN;
    };
  }

  /** For a status of cuDNN. */
  static String ofCudnn(int status) {
    if (status == CUDNN_DEVICE_ALLOCATION_FAILED) {
      return MEMORY;
    }
    return status / CUDNN_KIND == CUDNN_NOT_READY ? DOCTOR : AGAIN + "; " + CUDNN_LOG;
  }
}
