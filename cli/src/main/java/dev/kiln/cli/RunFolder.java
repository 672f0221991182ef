package dev.kiln.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Where things lie in the folder of a training run. */
final class RunFolder {
  /** The folder of checkpoints in it. */
  static final String CHECKPOINTS = "checkpoints";

  private RunFolder() {}

  /** Returns the run that a checkpoint, the folder of checkpoints or the run's own belongs to. */
  static Path of(Path resume) {
    Path base = base(resume);
    boolean inside = base.endsWith(CHECKPOINTS) && base.getParent() != null;
    return inside ? base.getParent() : base;
  }

  /** Returns the settings of the run that is resumed, if they are there. */
  static Optional<Path> settings(Path resume) {
    return Stream.of(base(resume), of(resume))
        .map(folder -> folder.resolve(TrainCommand.SETTINGS))
        .filter(Files::isRegularFile)
        .findFirst();
  }

  private static Path base(Path resume) {
    if (Files.isDirectory(resume)) {
      return resume;
    }
    Path beside = resume.getParent();
    return beside == null ? Path.of("") : beside;
  }
}
