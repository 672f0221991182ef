package dev.kiln.train;

import dev.kiln.nn.Module;
import java.util.LinkedHashMap;
import java.util.Map;

/** Remembers which layers are in training mode, and puts them back. */
final class Modes {
  private final Map<Module, Boolean> training = new LinkedHashMap<>();

  private Modes() {}

  static Modes of(Module model) {
    Modes modes = new Modes();
    model.namedModules().values().forEach(m -> modes.training.put(m, m.isTraining()));
    return modes;
  }

  void putBack() {
    // outer layers come first, so that inner ones have the last word
    training.forEach(Module::train);
  }
}
