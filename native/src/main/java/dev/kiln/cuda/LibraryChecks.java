package dev.kiln.cuda;

import dev.kiln.DeviceException;
import dev.kiln.backend.Finding;
import dev.kiln.backend.Finding.State;
import dev.kiln.cuda.find.Elf;
import dev.kiln.cuda.find.Search;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;

/** What is asked of cuBLAS, cuDNN and NVRTC. */
final class LibraryChecks {
  private static final String CUBLAS = "cuBLAS";
  private static final String CUDNN = "cuDNN";
  private static final int CUDA_13 = 13000;
  private static final String COMPOSED = "; convolutions run without it, slower";

  private final Setup setup;
  private final Mends mends;

  LibraryChecks(Setup setup, Mends mends) {
    this.setup = setup;
    this.mends = mends;
  }

  private int driverVersion() {
    return setup.state().map(DriverState::version).orElse(0);
  }

  private String mend() {
    return mends.libraries(driverVersion());
  }

  /**
   * Checks cuBLAS.
   *
   * @param load whether to load it, too, which shows what else it lacks
   */
  Finding cublas(boolean load) {
    if (setup.cublas().isEmpty()) {
      boolean there = !(setup.cublas12().refusals() + setup.cublas13().refusals()).isEmpty();
      return Finding.obstacle(
          CUBLAS,
          there ? State.BROKEN : State.MISSING,
          there
              ? setup.cublas12().summary() + "; " + setup.cublas13().summary()
              : "neither libcublas.so.12 nor libcublas.so.13 was found (looked in: "
                  + setup.cublas12().sources()
                  + ")",
          mend());
    }
    boolean bridged = setup.cublas12().found().isEmpty();
    Search search = bridged ? setup.cublas13() : setup.cublas12();
    if (bridged && driverVersion() > 0 && driverVersion() < CUDA_13) {
      return Finding.obstacle(
          CUBLAS,
          State.TOO_OLD,
          search.summary()
              + " is CUDA 13's, and the driver is older: it serves CUDA "
              + setup.state().orElseThrow().versionText(),
          mend() + "\nor update the driver to 580.65.06 or newer:\n" + mends.driver());
    }
    try {
      String text = search.summary() + (bridged ? bridge(search.found().orElseThrow()) : "");
      if (load) {
        Natives.loadCublas(search.found().orElseThrow());
        int[] number = new int[3];
        for (int i = 0; i < number.length; i++) {
          int[] part = new int[1];
          JCublas2.cublasGetProperty(i, part);
          number[i] = part[0];
        }
        text = number[0] + "." + number[1] + "." + number[2] + ", " + text;
      }
      return Finding.ok(CUBLAS, text);
    } catch (DeviceException e) {
      return Finding.obstacle(CUBLAS, State.BROKEN, e.getMessage(), mend());
    }
  }

  /** Compares what JCuda takes from cuBLAS with what the library behind the bridge offers. */
  private static String bridge(Path library) {
    Path bridge = Bridge.unpack(NativeCache.ofUser());
    try {
      Set<String> wanted =
          Elf.read(bridge).exports().stream()
              .filter(f -> f.startsWith("cublas"))
              .collect(Collectors.toCollection(TreeSet::new));
      int all = wanted.size();
      wanted.removeAll(Elf.read(library).exports());
      return ", by the bridge: "
          + (all - wanted.size())
          + " of "
          + all
          + " functions"
          + (wanted.isEmpty() ? "" : "; not " + few(wanted));
    } catch (Elf.Unfit e) {
      throw new DeviceException("[cuda] " + bridge + " " + e.getMessage());
    }
  }

  private static String few(Set<String> names) {
    return names.stream().limit(4).collect(Collectors.joining(", "))
        + (names.size() > 4
            ? " and " + (names.size() - 4) + " more, none of which Kiln calls"
            : "");
  }

  /** Checks cuDNN; {@code load}: by loading it, too, which tells its version. */
  Finding cudnn(boolean load) {
    if (setup.cudnn().found().isEmpty()) {
      if (setup.cudnn8().found().isPresent()) {
        return Finding.flaw(
            CUDNN,
            State.TOO_OLD,
            setup.cudnn8().summary() + " is version 8; Kiln needs 9.0 or newer" + COMPOSED,
            mend());
      }
      boolean there = !setup.cudnn().refusals().isEmpty();
      return Finding.flaw(
          CUDNN, there ? State.BROKEN : State.MISSING, setup.cudnn().summary() + COMPOSED, mend());
    }
    String text = setup.cudnn().summary();
    if (!load) {
      return Finding.ok(CUDNN, text);
    }
    try {
      Natives.loadCudnn(setup.cudnn().found().get());
      long version = JCudnn.cudnnGetVersion();
      if (Dnn.isTooOld(version)) {
        return Finding.flaw(
            CUDNN,
            State.TOO_OLD,
            text
                + " is version "
                + Dnn.versionText(version)
                + "; Kiln needs 9.0 or newer"
                + COMPOSED,
            mend());
      }
      long cuda = JCudnn.cudnnGetCudartVersion() / 1000;
      return Finding.ok(CUDNN, Dnn.versionText(version) + " for CUDA " + cuda + ", " + text);
    } catch (DeviceException | LinkageError e) {
      return Finding.flaw(CUDNN, State.BROKEN, e.getMessage() + COMPOSED, mend());
    }
  }

  Finding nvrtc() {
    String what = "NVRTC";
    String use = "cuDNN compiles some kernels with it";
    if (setup.cudnn().found().isEmpty()) {
      return Finding.unused(what, "not looked for: " + use + ", and there is none");
    }
    return setup.nvrtc().found().isPresent()
        ? Finding.ok(what, setup.nvrtc().summary())
        : Finding.flaw(what, State.MISSING, setup.nvrtc().summary() + "; " + use, mend());
  }
}
