package dev.kiln.cuda;

import dev.kiln.DeviceException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;

/**
 * Loads the native code of this process, once: libcuda, JCuda's JNI libraries over it and Kiln's
 * launchers. One process works with one libcuda, since the system knows a library by its name.
 */
final class Natives {
  private static final String JCUDA = "-12.6.0-linux-x86_64.so";
  private static final String KERNELS = "dev/kiln/cuda/kernels/";
  static final String LAUNCHERS = "dev/kiln/cuda/linux-x86_64/libjniLaunchers.so";
  static final List<String> JCUDA_LIBRARIES =
      List.of(
          "lib/libJCudaDriver" + JCUDA,
          "lib/libJCudaRuntime" + JCUDA,
          "lib/libJCublas2" + JCUDA,
          "lib/libJCudnn" + JCUDA);

  private static Optional<Path> driver = Optional.empty();
  private static Natives loaded;

  private final Libraries libraries;
  private final Path kernels;
  private boolean cublas;
  private boolean cudnn;

  private Natives(Libraries libraries) {
    this.libraries = libraries;
    NativeCache cache = NativeCache.ofUser();
    kernels = libraries.kernels().orElseGet(() -> cache.unpack("kernels", images()));
    loadDriver(libraries.libcuda());
    link(cache.unpack("launchers", List.of(LAUNCHERS)).resolve("libjniLaunchers.so"));
  }

  /**
   * Loads the native code, if it is not yet.
   *
   * @throws DeviceException if it cannot be loaded, or another libcuda was loaded before
   */
  static synchronized Natives load(Libraries libraries) {
    if (loaded == null) {
      loaded = new Natives(libraries);
    }
    if (!loaded.libraries.equals(libraries)) {
      throw otherDriver(libraries.libcuda());
    }
    return loaded;
  }

  /**
   * Loads the driver and JCuda's natives for it, if they are not yet.
   *
   * @throws DeviceException if they cannot be loaded, or another libcuda was loaded before
   */
  static synchronized void loadDriver(Path libcuda) {
    if (driver.isEmpty()) {
      link(libcuda);
      touch(() -> JCudaDriver.setExceptionsEnabled(false));
      driver = Optional.of(libcuda);
    }
    if (!driver.get().equals(libcuda)) {
      throw otherDriver(libcuda);
    }
  }

  private static DeviceException otherDriver(Path libcuda) {
    return new DeviceException(
        "[cuda] this process already works with "
            + driver.orElse(libcuda)
            + "; use "
            + libcuda
            + " in another process");
  }

  /** Says which libcuda this process works with, if one is loaded. */
  static synchronized Optional<Path> libcuda() {
    return driver;
  }

  Libraries libraries() {
    return libraries;
  }

  /** The folder with kernel images. */
  Path kernels() {
    return kernels;
  }

  /** Loads cuBLAS and JCublas, if they are not yet. */
  synchronized void needCublas() {
    if (!cublas) {
      libraries.companions().forEach(Natives::link);
      loadCublas(libraries.libcublas());
      cublas = true;
    }
  }

  /** Loads a cuBLAS, by the bridge if it is not CUDA 12's, and JCublas on it. */
  static void loadCublas(Path libcublas) {
    if (libcublas.getFileName().toString().equals(Bridge.STANDS_FOR)) {
      link(libcublas);
    } else {
      link(Bridge.unpack(NativeCache.ofUser()));
      Bridge.lead(libcublas);
    }
    touch(() -> JCublas2.setExceptionsEnabled(false));
  }

  /**
   * Loads cuDNN and JCudnn, if they are not yet.
   *
   * @throws DeviceException if there is no cuDNN
   */
  synchronized void needCudnn() {
    if (!cudnn) {
      needCublas(); // cuDNN multiplies by the cuBLAS that is loaded
      loadCudnn(
          libraries
              .libcudnn()
              .orElseThrow(
                  () -> new DeviceException("[cuda] there is no cuDNN 9; see kiln doctor")));
      cudnn = true;
    }
  }

  /** Loads a cuDNN, and JCudnn on it. */
  static void loadCudnn(Path libcudnn) {
    link(libcudnn);
    touch(() -> JCudnn.setExceptionsEnabled(false));
  }

  /** The files of all kernel images in Kiln's jar. */
  static List<String> images(String extension) {
    String images = new String(NativeCache.read(KERNELS + "images"), StandardCharsets.UTF_8);
    return images.lines().flatMap(image -> files(KERNELS + image, extension)).toList();
  }

  /** An image's file, and before it machine code, where the jar has any. */
  private static Stream<String> files(String image, String extension) {
    return Stream.of(image + ".fatbin", image + "." + extension)
        .filter(f -> f.endsWith(extension) || NativeCache.exists(f));
  }

  private List<String> images() {
    return images(libraries.extension());
  }

  private static void link(Path library) {
    try {
      System.load(library.toAbsolutePath().toString());
    } catch (UnsatisfiedLinkError e) {
      throw new DeviceException("[cuda] cannot load " + library + ": " + e.getMessage());
    }
  }

  /**
   * Initialises a JCuda class. Its loader takes whatever file of the right name it finds in the
   * temporary folder, so it is shown ours, which nobody else can write to.
   */
  private static synchronized void touch(Runnable use) {
    Path jcuda = NativeCache.ofUser().unpack("jcuda", JCUDA_LIBRARIES);
    String temporary = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", jcuda.toString());
    try {
      use.run();
    } catch (LinkageError e) {
      throw new DeviceException("[cuda] cannot load JCuda: " + e);
    } finally {
      System.setProperty("java.io.tmpdir", temporary);
    }
  }
}
