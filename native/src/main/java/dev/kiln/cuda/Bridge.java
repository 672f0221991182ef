package dev.kiln.cuda;

import dev.kiln.DeviceException;
import java.nio.file.Path;
import java.util.List;

/**
 * The stand-in for libcublas.so.12 that leads to the cuBLAS of another CUDA version, so that JCuda,
 * which is linked to CUDA 12's, works with it; see {@code src/main/cpp/bridge}.
 */
final class Bridge {
  /** The library that JCublas asks for by name. */
  static final String STANDS_FOR = "libcublas.so.12";

  private static final String FOLDER = "dev/kiln/cuda/linux-x86_64/";
  private static final String FILE = "libkiln_cublas_bridge.so";

  private Bridge() {}

  /** Its name on the class path. */
  static String resource() {
    return FOLDER + FILE;
  }

  /** Unpacks it. */
  static Path unpack(NativeCache cache) {
    return cache.unpack("bridge", List.of(resource())).resolve(FILE);
  }

  /**
   * Leads all functions to a library, once the bridge is loaded.
   *
   * @throws DeviceException if the library cannot be loaded
   */
  static void lead(Path library) {
    if (connect(library.toAbsolutePath().toString()) < 0) {
      throw new DeviceException("[cuda] cannot load " + library + ": " + problem());
    }
  }

  /** How many functions the library lacks; those return CUBLAS_STATUS_NOT_SUPPORTED. */
  private static native int connect(String library);

  private static native String problem();
}
