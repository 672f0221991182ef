package dev.kiln.cpu;

import dev.kiln.backend.Backend;
import dev.kiln.backend.BackendProvider;
import java.util.Optional;

/** Offers {@link VectorBackend}: the processor, on every machine. */
public final class VectorProvider implements BackendProvider {
  /** Makes the provider. */
  public VectorProvider() {}

  @Override
  public String type() {
    return VectorBackend.TYPE;
  }

  @Override
  public int priority() {
    return 0;
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
    return new VectorBackend();
  }
}
