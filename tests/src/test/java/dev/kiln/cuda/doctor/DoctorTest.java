package dev.kiln.cuda.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.kiln.cuda.doctor.Machine.Screen;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code kiln doctor} says on machines that lack one thing or another. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class DoctorTest {
  private static final String DRIVER = "libcuda.so.1";
  private static final String CUBLAS = "libcublas.so.12";
  private static final String CUDNN = "libcudnn.so.9";

  @TempDir private Path folder;
  private Machine machine;

  @BeforeEach
  void begin() throws IOException {
    machine = new Machine(folder);
  }

  private void refuses(Screen screen, String... words) {
    assertThat(screen.text())
        .contains("No GPU can be used here: ", "without any of this: --device cpu")
        .satisfies(t -> assertThat(List.of(words)).allMatch(t::contains))
        .doesNotContain("Exception");
    assertThat(screen.code()).isEqualTo(1);
  }

  private void allows(Screen screen, String... words) {
    assertThat(screen.text())
        .contains("A GPU can be used")
        .satisfies(t -> assertThat(List.of(words)).allMatch(t::contains))
        .doesNotContain("Exception", "[NO]");
    assertThat(screen.code()).isZero();
  }

  /** The line of a finding. */
  private static String line(Screen screen, String what) {
    return screen
        .text()
        .lines()
        .filter(l -> l.startsWith("[") && l.substring(6).startsWith(what + "  "))
        .findFirst()
        .orElse("no line on " + what + " in:\n" + screen.text());
  }

  @Test
  void noDriver() throws Exception {
    Screen screen = machine.kiln("doctor");
    refuses(
        screen, "no NVIDIA driver: libcuda.so.1 was not found", "https://www.nvidia.com/drivers");
    assertThat(line(screen, "driver")).startsWith("[NO]").contains("KILN_CUDA_PATH", "pip wheels");
    assertThat(line(screen, "device")).startsWith("[--]");
  }

  @Test
  void noDriverOnDebian() throws Exception {
    write(machine.root().resolve("etc/os-release"), "NAME=Debian\nID=debian\n");
    refuses(machine.kiln("doctor"), "sudo apt install nvidia-driver");
  }

  @Test
  void noDriverInAContainer() throws Exception {
    write(machine.root().resolve(".dockerenv"), "");
    Screen screen = machine.kiln("doctor");
    refuses(
        screen, "docker run --gpus all", "no /dev/nvidiactl: the container was started without");
    assertThat(line(screen, "system")).endsWith("in a container");
  }

  @Test
  void noDriverInWsl() throws Exception {
    write(machine.root().resolve("proc/version"), "Linux 5.15.1-microsoft-standard-WSL2\n");
    refuses(machine.kiln("doctor"), "install NVIDIA's driver in Windows", "WSL");
  }

  @Test
  void allThere() throws Exception {
    machine.with(DRIVER, CUBLAS, CUDNN);
    Screen screen = machine.kiln("doctor");
    allows(screen, "Simulated CUDA device, compute capability 8.0", "MiB free");
    assertThat(line(screen, "driver")).startsWith("[ok]").contains("CUDA 12.6", DRIVER);
    assertThat(line(screen, "cuBLAS")).startsWith("[ok]").contains(CUBLAS, "KILN_CUDA_PATH");
    assertThat(line(screen, "cuDNN")).startsWith("[ok]").contains("9.5.1 for CUDA 12");
    assertThat(line(screen, "variables")).contains("KILN_CUDA_PATH=" + machine.libraries());
    assertThat(screen.text()).doesNotContain("not freed"); // as the device says of a lost context
  }

  @Test
  void driverAndNoCublas() throws Exception {
    Screen screen = machine.with(DRIVER).kiln("doctor");
    refuses(screen, "pip install nvidia-cublas-cu12 nvidia-cudnn-cu12", "export KILN_CUDA_PATH=");
    assertThat(line(screen, "cuBLAS"))
        .startsWith("[NO]")
        .contains("neither libcublas.so.12 nor libcublas.so.13 was found");
  }

  @Test
  void cudnnIsNotNeeded() throws Exception {
    Screen screen = machine.with(DRIVER, CUBLAS).kiln("doctor");
    allows(screen, "cuDNN (optional)");
    assertThat(line(screen, "cuDNN")).startsWith("[ !]").contains("convolutions run without it");
  }

  @Test
  void tooOldCudnn() throws Exception {
    Screen screen = machine.with(DRIVER, CUBLAS, CUDNN + "=libcudnn.so.8").kiln("doctor");
    allows(screen, "pip install nvidia-cublas-cu12 nvidia-cudnn-cu12");
    assertThat(line(screen, "cuDNN")).startsWith("[ !]").contains("is version 8", "9.0 or newer");
  }

  @Test
  void tooOldCudnnUnderTheNameOfANewOne() throws Exception {
    machine.with(DRIVER, CUBLAS, CUDNN).variable("CUDASIM_CUDNN_VERSION", "8907");
    Screen screen = machine.kiln("doctor");
    allows(screen, "pip install nvidia-cublas-cu12 nvidia-cudnn-cu12");
    assertThat(line(screen, "cuDNN"))
        .startsWith("[ !]")
        .contains("is version 8.9.7", "9.0 or newer", "convolutions run without it, slower");
  }

  @Test
  void tooOldDriver() throws Exception {
    machine.with(DRIVER, CUBLAS).variable("CUDASIM_DRIVER_VERSION", "11080");
    Screen screen = machine.kiln("doctor");
    refuses(screen);
    assertThat(line(screen, "driver"))
        .startsWith("[NO]")
        .contains("CUDA 11.8", "needs a driver for CUDA 12.0", "525.60.13");
  }

  @Test
  void tooOldDevice() throws Exception {
    machine.with(DRIVER, CUBLAS).variable("CUDASIM_CAPABILITY", "70");
    Screen screen = machine.kiln("doctor");
    refuses(screen, "use another GPU");
    assertThat(line(screen, "device")).contains("compute capability 7.0", "need 7.5");
  }

  @Test
  void noDevice() throws Exception {
    machine.with(DRIVER, CUBLAS).variable("CUDASIM_DEVICES", "0");
    refuses(machine.kiln("doctor"), "the driver has no device", "lspci");
  }

  @Test
  void hiddenDevice() throws Exception {
    machine.with(DRIVER, CUBLAS).variable("CUDASIM_FAIL", "cuInit=100");
    machine.variable("CUDA_VISIBLE_DEVICES", "");
    refuses(
        machine.kiln("doctor"),
        "cuInit failed: no device (error 100)",
        "unset CUDA_VISIBLE_DEVICES");
  }

  @ParameterizedTest
  @CsvSource({
    "999, unknown, sudo modprobe nvidia_uvm",
    "803, system driver mismatch, sudo reboot",
    "802, system not ready, nvidia-fabricmanager",
    "34,  stub library, stubs",
  })
  void driverThatDoesNotStart(int status, String words, String mend) throws Exception {
    machine.with(DRIVER, CUBLAS).variable("CUDASIM_FAIL", "cuInit=" + status);
    refuses(machine.kiln("doctor"), "cuInit failed: " + words + " (error " + status + ")", mend);
  }

  @Test
  void deviceInUseByOthers() throws Exception {
    machine.with(DRIVER, CUBLAS).variable("CUDASIM_FAIL", "cuDevicePrimaryCtxRetain=46");
    refuses(machine.kiln("doctor"), "a context cannot be opened", "nvidia-smi");
  }

  @Test
  void cuda13ByTheBridge() throws Exception {
    machine.with(DRIVER, "libcublas.so.13").variable("CUDASIM_DRIVER_VERSION", "13000");
    Screen screen = machine.kiln("doctor");
    allows(screen, "nvidia-cudnn-cu13");
    assertThat(line(screen, "cuBLAS")).contains("by the bridge: 494 of 494 functions");
  }

  @Test
  void cuda13WithADriverOf12() throws Exception {
    Screen screen = machine.with(DRIVER, "libcublas.so.13").kiln("doctor");
    refuses(screen, "nvidia-cublas-cu12", "580.65.06");
    assertThat(line(screen, "cuBLAS")).contains("CUDA 13's", "it serves CUDA 12.6");
  }

  @Test
  void librariesOfAnotherKind() throws Exception {
    machine.with(DRIVER, CUDNN + "=" + CUBLAS);
    byte[] whole = Files.readAllBytes(Machine.simulated("libcublas.so.13"));
    Files.write(
        machine.libraries().resolve("libcublas.so.13"), Arrays.copyOf(whole, whole.length / 2));
    byte[] foreign = whole.clone();
    foreign[18] = (byte) 183;
    Files.write(machine.libraries().resolve(CUDNN), foreign);
    Screen screen = machine.kiln("doctor");
    refuses(screen);
    assertThat(line(screen, "cuBLAS"))
        .contains("undefined symbols", "cublasCreate_v2", "cut short");
    assertThat(line(screen, "cuDNN")).contains("is for another processor (64-bit ARM)");
  }

  @Test
  void brokenDriver() throws Exception {
    Files.writeString(machine.libraries().resolve(DRIVER), "nothing of a library");
    Screen screen = machine.kiln("doctor");
    refuses(screen);
    assertThat(line(screen, "driver")).contains(DRIVER, "is no shared library");
  }

  @Test
  void findsPipWheels() throws Exception {
    Path site = folder.resolve("venv/lib/python3.12/site-packages/nvidia");
    Files.createDirectories(site.resolve("cublas/lib"));
    Files.createSymbolicLink(site.resolve("cublas/lib").resolve(CUBLAS), Machine.simulated(CUBLAS));
    Files.createDirectories(site.resolve("cudnn/lib"));
    Files.createSymbolicLink(site.resolve("cudnn/lib").resolve(CUDNN), Machine.simulated(CUDNN));
    machine.with(DRIVER).variable("VIRTUAL_ENV", folder.resolve("venv").toString());
    Screen screen = machine.kiln("doctor");
    allows(screen);
    assertThat(line(screen, "cuBLAS")).contains("nvidia/cublas/lib", "(pip wheels)");
    assertThat(line(screen, "cuDNN")).contains("nvidia/cudnn/lib", "(pip wheels)");
  }

  @Test
  void findsTheWheelsOfCuda13() throws Exception {
    Path site = folder.resolve("venv/lib/python3.12/site-packages/nvidia/cu13/lib");
    Files.createDirectories(site);
    Files.createSymbolicLink(site.resolve("libcublas.so.13"), Machine.simulated("libcublas.so.13"));
    machine.with(DRIVER).variable("VIRTUAL_ENV", folder.resolve("venv").toString());
    machine.variable("CUDASIM_DRIVER_VERSION", "13000");
    Screen screen = machine.kiln("doctor");
    allows(screen);
    assertThat(line(screen, "cuBLAS")).contains("nvidia/cu13/lib", "by the bridge");
  }

  @Test
  void cacheThatCannotBeWritten() throws Exception {
    machine.with(DRIVER, CUBLAS).variable("KILN_CACHE", "/proc/kiln");
    refuses(machine.kiln("doctor"), "/proc/kiln", "export KILN_CACHE=");
  }

  /** The regular files in a folder. */
  private static List<Path> files(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void diskThatIsFull() throws Exception {
    Path cache = folder.resolve("cache");
    machine.with(DRIVER, CUBLAS).variable("KILN_CACHE", cache.toString());
    Screen screen = machine.filesOfAtMost(40).kiln("doctor");
    refuses(screen, "cannot unpack native code to " + cache + ": File too large", "has room");
    assertThat(line(screen, "cache")).startsWith("[NO]").contains(cache.toString(), "File too");
    assertThat(screen.text())
        .contains("export KILN_CACHE=FOLDER    # one of your own with")
        .doesNotContain("https://www.nvidia.com/drivers");
    assertThat(files(cache)).as("nothing half-written").isEmpty();
    Screen devices = machine.variable("KILN_DEVICE", "cuda").kiln("devices");
    assertThat(devices.text()).contains("cannot unpack native code to " + cache);
    assertThat(files(cache)).isEmpty();
    // with room again
    Machine roomy = new Machine(folder.resolve("roomy")).with(DRIVER, CUBLAS);
    allows(roomy.variable("KILN_CACHE", cache.toString()).kiln("doctor"));
    assertThat(files(cache)).isNotEmpty().noneMatch(f -> f.toString().endsWith(".part"));
  }

  @Test
  void aJarThatWasBuiltWithoutACompiler() throws Exception {
    Path cache = folder.resolve("cache");
    machine.with(DRIVER, CUBLAS).variable("KILN_CACHE", cache.toString()).withoutNativeCode();
    Screen screen = machine.kiln("doctor");
    refuses(
        screen,
        "built on a machine without g++: it lacks libjniLaunchers.so, libkiln_cublas_bridge.so",
        "sudo apt install g++, then build Kiln again");
    assertThat(line(screen, "Kiln's native code")).startsWith("[NO]");
    assertThat(line(screen, "driver")).startsWith("[ok]");
    Screen required = machine.variable("KILN_REQUIRE", "cuda").kiln("devices");
    assertThat(required.text()).contains("built on a machine without g++");
    assertThat(required.code()).isEqualTo(5);
    assertThat(files(cache)).noneMatch(f -> f.toString().contains("aunchers"));
  }

  @Test
  void json() throws Exception {
    Screen screen = machine.kiln("doctor", "--json");
    JsonObject all = JsonParser.parseString(screen.text()).getAsJsonObject();
    assertThat(all.get("usable").getAsBoolean()).isFalse();
    assertThat(all.getAsJsonArray("findings")).hasSizeGreaterThan(8);
    JsonObject driver = all.getAsJsonArray("findings").get(4).getAsJsonObject();
    assertThat(driver.get("what").getAsString()).isEqualTo("driver");
    assertThat(driver.get("state").getAsString()).isEqualTo("MISSING");
    assertThat(driver.get("mend").getAsString()).isNotBlank();
    assertThat(screen.code()).isEqualTo(1);
  }

  @Test
  void devicesNamesTheFirstObstacle() throws Exception {
    Screen screen = machine.kiln("devices");
    assertThat(screen.text())
        .containsPattern("cuda: driver: no NVIDIA driver: .*kiln doctor says how to mend it");
    assertThat(screen.code()).isZero();
  }

  @Test
  void aRequiredGpuThatIsMissingIsExplained() throws Exception {
    Screen screen = machine.variable("KILN_REQUIRE", "cuda").kiln("devices");
    assertThat(screen.text())
        .contains("KILN_REQUIRE=cuda", "driver: no NVIDIA driver", "kiln doctor");
    assertThat(screen.code()).isEqualTo(5);
  }

  @Test
  void anErrorOfTheDeviceHasTheWholeText() throws Exception {
    Screen screen = machine.variable("KILN_DEVICE", "cuda").kiln("devices");
    assertThat(screen.text())
        .contains(
            "cuda:0 is not available: driver: no NVIDIA driver", "[NO]  driver", "To mend it:");
    assertThat(screen.code()).isEqualTo(5);
  }

  @Test
  void bridgedProductsAreRight() throws Exception {
    Screen screen =
        machine
            .option("-Dkiln.sim=" + Machine.simulated("libcuda.so.1").getParent())
            .option("-Dkiln.sim.cublas=libcublas.so.13")
            .kiln(
                "conform",
                Path.of("src/test/resources/conformance").toAbsolutePath().toString(),
                "--device",
                "sim",
                "--filter",
                "matmul*");
    assertThat(screen.text()).contains("pass matmul_2d", " 0 failed");
    assertThat(screen.code()).isZero();
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
