package dev.kiln.train;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Saves the training state whenever a value is the best so far. */
public final class BestCheckpoint implements Callback {
  private final String monitor;
  private final Path path;
  private final Mode mode;
  private double best = Double.NaN;

  private BestCheckpoint(String monitor, Path path, Mode mode) {
    this.monitor = monitor;
    this.path = path;
    this.mode = mode;
  }

  /**
   * Watches a value in the direction that {@link Mode#of} guesses.
   *
   * @param monitor such as {@code val_accuracy}; see {@link EpochRecord#values()}
   * @param path the file, replaced at each improvement
   * @return the callback
   */
  public static BestCheckpoint on(String monitor, Path path) {
    return new BestCheckpoint(monitor, path, Mode.of(monitor));
  }

  /**
   * Sets which direction is good.
   *
   * @return a new callback
   */
  public BestCheckpoint withMode(Mode better) {
    return new BestCheckpoint(monitor, path, better);
  }

  /** Returns the best value so far; NaN before the first epoch. */
  public double best() {
    return best;
  }

  /** Returns the file, once it was written by this callback or before a resume. */
  public Optional<Path> saved() {
    return Double.isNaN(best) ? Optional.empty() : Optional.of(path);
  }

  @Override
  public void onEpochEnd(TrainState state) {
    double value = state.history().last().orElseThrow().value(monitor);
    if (mode.isBetter(value, best)) {
      best = value;
      state.save(path);
    }
  }

  @Override
  public Map<String, String> state() {
    return Map.of("best", Double.toString(best));
  }

  @Override
  public void restore(Map<String, String> state, Map<String, dev.kiln.Tensor> tensors) {
    best = Double.parseDouble(state.get("best"));
  }
}
