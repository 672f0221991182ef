package dev.kiln.cuda;

import dev.kiln.DeviceException;
import dev.kiln.backend.Backend;
import dev.kiln.backend.BackendProvider;
import dev.kiln.backend.DeviceId;
import dev.kiln.backend.Diagnosis;
import dev.kiln.cuda.find.Surroundings;
import java.util.List;
import java.util.Optional;

/**
 * Offers the NVIDIA GPUs of this machine that Kiln's kernels run on, in the driver's order. What is
 * there is looked up once for each process.
 */
public final class CudaProvider implements BackendProvider {
  private static final String TYPE = "cuda";

  private Optional<Setup> setup = Optional.empty();
  private Optional<Diagnosis> brief = Optional.empty();

  /** Makes the provider; nothing is loaded. */
  public CudaProvider() {}

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public int priority() {
    return 100;
  }

  private synchronized Setup setup() {
    if (setup.isEmpty()) {
      setup = Optional.of(Setup.of(Surroundings.ofThisMachine()));
    }
    return setup.get();
  }

  private synchronized Diagnosis brief() {
    if (brief.isEmpty()) {
      brief = Optional.of(new Doctor(setup()).brief());
    }
    return brief.get();
  }

  @Override
  public Optional<String> unavailableReason() {
    return brief()
        .obstacle()
        .map(f -> f.what() + ": " + f.detail() + " (kiln doctor says how to mend it)");
  }

  @Override
  public Diagnosis diagnose() {
    return new Doctor(setup()).full();
  }

  @Override
  public int deviceCount() {
    return unavailableReason().isPresent() ? 0 : setup().gpus().size();
  }

  @Override
  public Backend open(int index) {
    List<DriverState.Gpu> gpus = setup().gpus();
    if (index < 0 || index >= gpus.size()) {
      throw new DeviceException("[cuda] there is no device " + index);
    }
    return new CudaBackend(
        new DeviceId(TYPE, index), gpus.get(index).ordinal(), setup().libraries(), true);
  }
}
