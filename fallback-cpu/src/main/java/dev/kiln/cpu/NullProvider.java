package dev.kiln.cpu;

import dev.kiln.backend.Backend;
import dev.kiln.backend.BackendProvider;
import java.util.Optional;

/** Offers {@link NullBackend}; never chosen unless asked for by name. */
public final class NullProvider implements BackendProvider {
  /** Makes the provider. */
  public NullProvider() {}

  @Override
  public String type() {
    return NullBackend.TYPE;
  }

  @Override
  public int priority() {
    return -2;
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
    return new NullBackend();
  }
}
