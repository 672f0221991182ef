package dev.kiln.cuda.sim;

import dev.kiln.backend.Backend;
import dev.kiln.backend.BackendProvider;
import dev.kiln.backend.DeviceId;
import dev.kiln.cuda.CudaBackend;
import dev.kiln.cuda.Libraries;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Offers the simulated CUDA device, for tests: {@link CudaBackend} on stand-ins for libcuda, cuBLAS
 * and cuDNN that run Kiln's kernels on the CPU.
 *
 * <p>They lie in the folder that the system property {@code kiln.sim} names (built by {@code
 * tests/sim/build}). Without the property there is no such device. It is never chosen by itself.
 * The property {@code kiln.sim.cublas} names another stand-in for cuBLAS there, such as CUDA 13's.
 */
public final class SimProvider implements BackendProvider {
  private static final String TYPE = "sim";
  private static final String FOLDER = "kiln.sim";
  private static final String POOLED = "kiln.sim.pooled";

  /** Makes the provider. */
  public SimProvider() {}

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public int priority() {
    return -2;
  }

  @Override
  public Optional<String> unavailableReason() {
    String folder = System.getProperty(FOLDER, "");
    if (folder.isEmpty()) {
      return Optional.of("it is for tests only; -D" + FOLDER + "=FOLDER names its libraries");
    }
    Path libcuda = libraries().libcuda();
    return Files.isRegularFile(libcuda)
        ? Optional.empty()
        : Optional.of(libcuda + " does not exist; build it with tests/sim/build");
  }

  @Override
  public int deviceCount() {
    return unavailableReason().isEmpty() ? 1 : 0;
  }

  @Override
  public Backend open(int index) {
    return new CudaBackend(
        new DeviceId(TYPE, index), index, libraries(), Boolean.getBoolean(POOLED));
  }

  private static Libraries libraries() {
    Path folder = Path.of(System.getProperty(FOLDER)).toAbsolutePath();
    return new Libraries(
        folder.resolve("libcuda.so.1"),
        folder.resolve(System.getProperty("kiln.sim.cublas", "libcublas.so.12")),
        Optional.of(folder.resolve("libcudnn.so.9")).filter(Files::isRegularFile),
        List.of(),
        Optional.of(folder.resolve("kernels")),
        "so");
  }
}
