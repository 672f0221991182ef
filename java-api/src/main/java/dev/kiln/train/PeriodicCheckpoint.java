package dev.kiln.train;

import dev.kiln.KilnException;
import java.nio.file.Path;

/** Saves the training state to one file every few epochs or steps. */
public final class PeriodicCheckpoint implements Callback {
  private final Path path;
  private final int epochs;
  private final int steps;

  private PeriodicCheckpoint(Path path, int epochs, int steps) {
    if (epochs + steps < 1) {
      throw new KilnException("[periodic_checkpoint] the interval must be 1 or more");
    }
    this.path = path;
    this.epochs = epochs;
    this.steps = steps;
  }

  /**
   * Saves after every n-th epoch.
   *
   * @param n 1 or more
   * @param path the file, replaced each time
   * @return the callback
   */
  public static PeriodicCheckpoint everyEpochs(int n, Path path) {
    return new PeriodicCheckpoint(path, n, 0);
  }

  /**
   * Saves after every n-th step, counted over all epochs.
   *
   * @param n 1 or more
   * @param path the file, replaced each time
   * @return the callback
   */
  public static PeriodicCheckpoint everySteps(int n, Path path) {
    return new PeriodicCheckpoint(path, 0, n);
  }

  @Override
  public void onStepEnd(TrainState state) {
    if (steps > 0 && state.globalStep() % steps == 0) {
      state.save(path);
    }
  }

  @Override
  public void onEpochEnd(TrainState state) {
    if (epochs > 0 && state.epoch() % epochs == 0) {
      state.save(path);
    }
  }
}
