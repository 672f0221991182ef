package dev.kiln.cuda;

import dev.kiln.DeviceException;
import dev.kiln.cuda.find.LibrarySearch;
import dev.kiln.cuda.find.Search;
import dev.kiln.cuda.find.Surroundings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What this machine has of CUDA: libraries by where they are, loaded only as far as the driver.
 *
 * @param machine where it was looked
 * @param driver libcuda
 * @param cublas12 CUDA 12's cuBLAS
 * @param cublas13 CUDA 13's, looked for where there is none of 12
 * @param cudnn cuDNN 9
 * @param cudnn8 its predecessor, looked for where there is no 9
 * @param cublasLt what cuBLAS and cuDNN load, of the same toolkit
 * @param nvrtc what cuDNN loads, of the same toolkit
 * @param state what the driver says; nothing if it is not there or cannot be loaded
 * @param driverError why the driver cannot be loaded; empty if it can, or is not there
 * @param unpacks whether JCuda's natives, without which nobody can ask the driver, can be unpacked
 */
record Setup(
    Surroundings machine,
    Search driver,
    Search cublas12,
    Search cublas13,
    Search cudnn,
    Search cudnn8,
    Search cublasLt,
    Search nvrtc,
    Optional<DriverState> state,
    String driverError,
    boolean unpacks) {
  /** What Kiln calls of the driver before it knows its version. */
  private static final Set<String> DRIVER =
      Set.of("cuInit", "cuDriverGetVersion", "cuDeviceGet", "cuDeviceGetCount");

  /** What Kiln calls of cuBLAS. */
  static final Set<String> CUBLAS =
      Set.of(
          "cublasCreate_v2",
          "cublasDestroy_v2",
          "cublasSetStream_v2",
          "cublasSetWorkspace_v2",
          "cublasSetMathMode",
          "cublasGemmStridedBatchedEx",
          "cublasGetVersion_v2");

  private static final Set<String> CUDNN = Set.of("cudnnCreate", "cudnnDestroy", "cudnnGetVersion");

  /** Looks at a machine. */
  static Setup of(Surroundings machine) {
    RedistJars jars = new RedistJars(NativeCache.ofUser(), Setup.class.getClassLoader());
    LibrarySearch search = new LibrarySearch(machine, jars::unpack);
    LibrarySearch withoutJars = new LibrarySearch(machine, name -> Optional.empty());
    Search driver = withoutJars.find("libcuda.so.1", DRIVER);
    Optional<DriverState> state = Optional.empty();
    String driverError = "";
    boolean unpacks = false;
    if (driver.found().isPresent() && machine.isLinuxX8664()) {
      try {
        // What the class path lacks is no matter of room.
        unpacks = !Natives.JCUDA_LIBRARIES.stream().allMatch(NativeCache::exists);
        NativeCache.ofUser().unpack("jcuda", Natives.JCUDA_LIBRARIES);
        unpacks = true;
        state = Optional.of(DriverState.ask(driver.found().get()));
      } catch (DeviceException e) {
        driverError = e.getMessage();
      }
    }
    // Without a device nothing is unpacked from jars.
    LibrarySearch libraries =
        state.isPresent() && !state.get().usable().isEmpty() ? search : withoutJars;
    Search cublas12 = libraries.find(Bridge.STANDS_FOR, CUBLAS);
    Search none = new Search("", Optional.empty(), "", List.of());
    Search cublas13 =
        cublas12.found().isPresent() ? none : libraries.find("libcublas.so.13", CUBLAS);
    String version = cublas13.found().isPresent() ? "13" : "12";
    Search cudnn = libraries.find("libcudnn.so.9", CUDNN);
    return new Setup(
        machine,
        driver,
        cublas12,
        cublas13,
        cudnn,
        cudnn.found().isPresent() ? none : withoutJars.find("libcudnn.so.8", Set.of()),
        libraries.find("libcublasLt.so." + version, Set.of()),
        libraries.find("libnvrtc.so." + version, Set.of("nvrtcCompileProgram")),
        state,
        driverError,
        unpacks);
  }

  /** The cuBLAS to use. */
  Optional<Path> cublas() {
    return cublas12.found().or(cublas13::found);
  }

  /** The devices that can be used. */
  List<DriverState.Gpu> gpus() {
    return state.map(DriverState::usable).orElse(List.of());
  }

  /** Where all is, for a backend. */
  Libraries libraries() {
    List<Path> companions = new ArrayList<>();
    cublasLt.found().ifPresent(companions::add);
    nvrtc.found().ifPresent(companions::add);
    return new Libraries(
        driver.found().orElseThrow(),
        cublas().orElseThrow(),
        cudnn.found(),
        companions,
        Optional.empty(),
        "ptx");
  }
}
