package dev.kiln.cuda;

import dev.kiln.backend.Finding;
import dev.kiln.backend.Finding.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import jcuda.driver.CUresult;

/** What is asked of the driver and its devices. */
final class DriverChecks {
  private static final String DRIVER = "driver";
  private static final String DEVICE = "device";

  private final Setup setup;
  private final Mends mends;

  DriverChecks(Setup setup, Mends mends) {
    this.setup = setup;
    this.mends = mends;
  }

  Finding driver() {
    if (setup.driver().found().isEmpty()) {
      boolean there = !setup.driver().refusals().isEmpty();
      return Finding.obstacle(
          DRIVER,
          there ? State.BROKEN : State.MISSING,
          "no NVIDIA driver: " + setup.driver().summary(),
          mends.driver());
    }
    if (setup.state().isEmpty()) {
      String mend = setup.unpacks() ? mends.driver() : Mends.CACHE;
      return Finding.obstacle(DRIVER, State.BROKEN, setup.driverError(), mend);
    }
    DriverState state = setup.state().get();
    String text = "CUDA " + state.versionText() + ", " + setup.driver().summary();
    return state.version() < DriverState.OLDEST_DRIVER
        ? Finding.obstacle(
            DRIVER,
            State.TOO_OLD,
            text + "; Kiln needs a driver for CUDA 12.0 or newer (525.60.13 or newer)",
            mends.driver())
        : Finding.ok(DRIVER, text);
  }

  /** What became of starting the driver, and the devices it tells of. */
  List<Finding> devices(boolean memory) {
    if (setup.state().isEmpty() || setup.state().get().version() < DriverState.OLDEST_DRIVER) {
      return List.of(Finding.unused(DEVICE, "not asked for, without a driver that can be used"));
    }
    DriverState state = setup.state().get();
    if (state.status() != CUresult.CUDA_SUCCESS) {
      return List.of(
          Finding.obstacle(
              DEVICE,
              state.status() == CUresult.CUDA_ERROR_NO_DEVICE ? State.MISSING : State.BROKEN,
              state.call() + " failed: " + words(state.status()),
              mends.init(state.status())));
    }
    if (state.gpus().isEmpty()) {
      return List.of(
          Finding.obstacle(
              DEVICE,
              State.MISSING,
              "the driver has no device",
              mends.init(CUresult.CUDA_ERROR_NO_DEVICE)));
    }
    List<Finding> findings = new ArrayList<>();
    boolean none = state.usable().isEmpty();
    int usable = 0;
    for (DriverState.Gpu gpu : state.gpus()) {
      findings.add(gpu.usable() ? device(gpu, "cuda:" + usable++, memory) : tooOld(gpu, none));
    }
    return findings;
  }

  private static Finding tooOld(DriverState.Gpu gpu, boolean obstacle) {
    String detail =
        gpu.name()
            + ", compute capability "
            + gpu.capabilityText()
            + "; Kiln's kernels need 7.5 or newer (Turing)";
    return obstacle
        ? Finding.obstacle(DEVICE, State.TOO_OLD, detail, "use another GPU, or the device cpu")
        : Finding.flaw(DEVICE, State.TOO_OLD, detail, "");
  }

  private static Finding device(DriverState.Gpu gpu, String name, boolean memory) {
    String text = gpu.name() + ", compute capability " + gpu.capabilityText();
    if (!memory) {
      return Finding.ok(name, text);
    }
    long[] free = new long[1];
    int status = DriverState.freeMemory(gpu, free);
    if (status != CUresult.CUDA_SUCCESS) {
      return Finding.obstacle(
          name,
          State.BROKEN,
          text + "; a context cannot be opened: " + words(status),
          "nvidia-smi    # tells which processes use the GPU, and its compute mode");
    }
    return Finding.ok(name, text + ", " + mib(free[0]) + " of " + mib(gpu.bytes()) + " MiB free");
  }

  private static long mib(long bytes) {
    return bytes >> 20;
  }

  private static String words(int status) {
    String name = CUresult.stringFor(status).replace("CUDA_ERROR_", "").replace('_', ' ');
    return name.toLowerCase(Locale.ROOT) + " (error " + status + ")";
  }
}
