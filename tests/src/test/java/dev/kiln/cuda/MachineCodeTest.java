package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.backend.View;
import dev.kiln.cuda.sim.SimControl;
import dev.kiln.cuda.sim.SimDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * That machine code is tried before PTX where the driver is new enough, and PTX after all where it
 * does not load. Each case is a process of its own, on simulated drivers of several versions; to
 * them both kinds of images are shared objects.
 */
class MachineCodeTest {
  @TempDir Path images;

  /** Opens a device on a folder of "PTX", fills some elements, and prints how often it loaded. */
  static final class Alone {
    private Alone() {}

    public static void main(String[] args) {
      try (CudaBackend device = SimDevice.open(SimDevice.libraries(Path.of(args[0]), "ptx"))) {
        SimDevice.control();
        SimControl.resetCalls();
        View x = View.dense(device.alloc(DType.FLOAT32, 3), 0, Shape.of(3));
        try {
          device.fill(x, 7);
        } catch (CudaException e) {
          System.out.println("failed: " + e.getMessage());
          return;
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(12).order(ByteOrder.LITTLE_ENDIAN);
        device.download(bytes, x);
        System.out.println(
            bytes.getFloat(8) + " after loads: " + SimControl.calls("cuModuleLoadData"));
      }
    }
  }

  private String alone(String driver) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Dkiln.sim=" + sim(),
                Alone.class.getName(),
                images.toString())
            .redirectErrorStream(true);
    builder.environment().putAll(Map.of("CUDASIM_DRIVER_VERSION", driver, "CUDASIM_QUIET", "1"));
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    return out;
  }

  private static Path sim() {
    assumeTrue(System.getProperty("kiln.sim") != null, "needs g++ to build the simulated device");
    return Path.of(System.getProperty("kiln.sim")).toAbsolutePath();
  }

  private void image(String kind, boolean whole) throws IOException {
    Path file = images.resolve("fill.f32." + kind);
    if (whole) {
      Files.copy(sim().resolve("kernels/fill.f32.so"), file);
    } else {
      Files.writeString(file, "of another GPU");
    }
  }

  @Test
  void machineCodeComesFirstOnNewDrivers() throws Exception {
    image("fatbin", true);
    image("ptx", false);
    assertThat(alone("13000")).contains("7.0 after loads: 1");
    assertThat(alone("12090")).contains("failed: ").contains("fill.f32.ptx");
  }

  @Test
  void ptxIsUsedWhereMachineCodeDoesNotLoad() throws Exception {
    image("fatbin", false);
    image("ptx", true);
    assertThat(alone("13000")).contains("7.0 after loads: 2");
    assertThat(alone("12060")).contains("7.0 after loads: 1");
  }

  @Test
  void ptxIsUsedWhereThereIsNoMachineCode() throws Exception {
    image("ptx", true);
    assertThat(alone("13000")).contains("7.0 after loads: 1");
  }

  @Test
  void theLastFailureIsTold() throws Exception {
    image("fatbin", false);
    image("ptx", false);
    assertThat(alone("13000"))
        .contains("failed: [cuda] fill(", "cuModuleLoadDataEx(", "fill.f32.ptx): ", "kiln doctor");
  }
}
