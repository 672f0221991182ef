package dev.kiln.cuda;

import dev.kiln.backend.Diagnosis;
import dev.kiln.backend.Finding;
import dev.kiln.backend.Finding.State;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Says of each thing that the CUDA backend depends on whether it is there and good, and what to do
 * where it is not. Never throws, and leaves no context open.
 */
final class Doctor {
  private final Setup setup;
  private final SystemChecks system;
  private final DriverChecks driver;
  private final LibraryChecks libraries;

  Doctor(Setup setup) {
    this.setup = setup;
    Mends mends = new Mends(setup.machine());
    system = new SystemChecks(setup.machine(), mends);
    driver = new DriverChecks(setup, mends);
    libraries = new LibraryChecks(setup, mends);
  }

  /** What decides whether a device can be used; cheap. */
  Diagnosis brief() {
    List<Finding> findings = new ArrayList<>();
    base(findings);
    findings.addAll(guarded("device", () -> driver.devices(false)));
    findings.add(one("cuBLAS", () -> libraries.cublas(false)));
    return new Diagnosis("cuda", findings);
  }

  /** Everything. Opens a context on each device, and loads the libraries if there is a device. */
  Diagnosis full() {
    boolean works = !setup.gpus().isEmpty();
    List<Finding> findings = new ArrayList<>();
    base(findings);
    findings.add(one("device files", () -> system.deviceFiles(works)));
    findings.addAll(guarded("device", () -> driver.devices(true)));
    findings.add(one("cuBLAS", () -> libraries.cublas(works)));
    findings.add(one("cuDNN", () -> libraries.cudnn(works)));
    findings.add(one("NVRTC", libraries::nvrtc));
    findings.add(one("cache", system::cache));
    findings.addAll(guarded("variables", system::variables));
    return new Diagnosis("cuda", findings);
  }

  private void base(List<Finding> findings) {
    findings.add(one("system", system::system));
    findings.add(one("Kiln's native code", system::nativeCode));
    findings.add(one("JCuda", system::jcuda));
    findings.add(one("kernels", system::kernels));
    findings.add(one("driver", driver::driver));
  }

  private static Finding one(String what, Supplier<Finding> check) {
    return guarded(what, () -> List.of(check.get())).get(0);
  }

  /** A check that fails in a way nobody thought of is a finding, too. */
  private static List<Finding> guarded(String what, Supplier<List<Finding>> check) {
    try {
      return check.get();
    } catch (RuntimeException | LinkageError e) {
      return List.of(
          Finding.obstacle(
              what, State.BROKEN, "it cannot be checked: " + e, "please report this as a bug"));
    }
  }
}
