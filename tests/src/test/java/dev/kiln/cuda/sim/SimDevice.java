package dev.kiln.cuda.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.Device;
import dev.kiln.backend.DeviceId;
import dev.kiln.cuda.CudaBackend;
import dev.kiln.cuda.Libraries;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The device "sim", with {@link SimControl} ready, for tests of the CUDA backend. Where it was not
 * built the test is skipped; with {@code KILN_REQUIRE=sim} it fails.
 */
public final class SimDevice {
  private SimDevice() {}

  /** Opens the device that all tests share. */
  public static Device open() {
    boolean built = System.getProperty("kiln.sim") != null;
    assertThat("sim".equals(System.getenv("KILN_REQUIRE")) && !built).as("needs g++").isFalse();
    assumeTrue(built, "needs g++ to build it");
    Device device = Device.of("sim");
    control();
    SimControl.clearFailures();
    SimControl.resetCalls();
    return device;
  }

  /** Makes {@link SimControl} ready, once a backend has loaded the device. */
  public static void control() {
    System.load(folder().resolve("libcudasim_jni.so").toString());
  }

  /** Opens a backend of one's own on it, with the settings that hold now. */
  public static CudaBackend another() {
    open();
    return open(libraries());
  }

  /** Opens a backend on given libraries. */
  public static CudaBackend open(Libraries libraries) {
    return new CudaBackend(new DeviceId("sim", 0), 0, libraries, false);
  }

  /** Opens a backend that keeps freed memory for reuse, as on a GPU. */
  public static CudaBackend pooled() {
    open();
    return new CudaBackend(new DeviceId("sim", 0), 0, libraries(), true);
  }

  /** The libraries of the device that all tests share. */
  public static Libraries libraries() {
    return libraries(folder().resolve("kernels"), "so");
  }

  /** The same with other kernel images. */
  public static Libraries libraries(Path kernels, String extension) {
    Path folder = folder();
    return new Libraries(
        folder.resolve("libcuda.so.1"),
        folder.resolve("libcublas.so.12"),
        Optional.of(folder.resolve("libcudnn.so.9")),
        List.of(),
        Optional.of(kernels),
        extension);
  }

  private static Path folder() {
    return Path.of(System.getProperty("kiln.sim")).toAbsolutePath();
  }
}
