package dev.kiln.cli.experiment;

import java.util.List;
import java.util.Optional;

/** The experiments that there are. */
final class Experiments {
  private Experiments() {}

  /** Returns all of them, in the order in which they are listed. */
  static List<Experiment> all() {
    return List.of(new TransferExperiment(), new EnsembleExperiment());
  }

  /** Returns the one of that name. */
  static Optional<Experiment> named(String name) {
    return all().stream().filter(e -> e.name().equals(name)).findFirst();
  }

  /** Returns the names. */
  static List<String> names() {
    return all().stream().map(Experiment::name).toList();
  }
}
