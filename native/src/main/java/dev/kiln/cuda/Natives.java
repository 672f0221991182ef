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
  private static final String LAUNCHERS = "dev/kiln/cuda/linux-x86_64/libjniLaunchers.so";

  private static Natives loaded;

  private final Libraries libraries;
  private final Path jcuda;
  private final Path kernels;
  private boolean cublas;
  private boolean cudnn;

  private Natives(Libraries libraries) {
    this.libraries = libraries;
    NativeCache cache = NativeCache.ofUser();
    jcuda =
        cache.unpack(
            "jcuda",
            List.of(
                "lib/libJCudaDriver" + JCUDA,
                "lib/libJCudaRuntime" + JCUDA,
                "lib/libJCublas2" + JCUDA,
                "lib/libJCudnn" + JCUDA));
    kernels = libraries.kernels().orElseGet(() -> cache.unpack("kernels", images()));
    link(libraries.libcuda());
    touch(() -> JCudaDriver.setExceptionsEnabled(false));
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
      throw new DeviceException(
          "[cuda] this process already works with "
              + loaded.libraries.libcuda()
              + "; use "
              + libraries.libcuda()
              + " in another process");
    }
    return loaded;
  }

  /** Says which libcuda this process works with, if one is loaded. */
  static synchronized Optional<Path> libcuda() {
    return Optional.ofNullable(loaded).map(n -> n.libraries.libcuda());
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
      link(libraries.libcublas());
      touch(() -> JCublas2.setExceptionsEnabled(false));
      cublas = true;
    }
  }

  /**
   * Loads cuDNN and JCudnn, if they are not yet.
   *
   * @throws DeviceException if there is none, or it cannot be loaded
   */
  synchronized void needCudnn() {
    if (!cudnn) {
      Path library =
          libraries
              .libcudnn()
              .orElseThrow(() -> new DeviceException("[cuda] there is no libcudnn.so.9"));
      needCublas(); // cuDNN multiplies by the cuBLAS that is loaded
      link(library);
      touch(() -> JCudnn.setExceptionsEnabled(false));
      cudnn = true;
    }
  }

  private List<String> images() {
    String families = new String(NativeCache.read(KERNELS + "families"), StandardCharsets.UTF_8);
    return families
        .lines()
        .flatMap(f -> Stream.of(KERNELS + f + ".fatbin", KERNELS + f + ".ptx"))
        .filter(f -> f.endsWith(".ptx") || NativeCache.exists(f)) // machine code is an extra
        .toList();
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
  private void touch(Runnable use) {
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
