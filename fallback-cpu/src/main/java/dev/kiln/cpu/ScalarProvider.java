package dev.kiln.cpu;

import dev.kiln.backend.Backend;
import dev.kiln.backend.BackendProvider;
import java.util.Optional;

/** Offers {@link ScalarBackend}; never chosen unless asked for by name. */
public final class ScalarProvider implements BackendProvider {
  /** Makes the provider. */
  public ScalarProvider() {}

  @Override
  public String type() {
    return ScalarBackend.TYPE;
  }

  @Override
  public int priority() {
    return -1;
  }

  @Override
  public Optional<String> unavailableReason() {
    return Optional.empty();
  }

  @Override
  public int deviceCount() {
    return 1;
  }

  @Override
  public Backend open(int index) {
    return new ScalarBackend();
  }
}
