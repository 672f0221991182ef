package dev.kiln.train;

import dev.kiln.nn.Module;
import dev.kiln.optim.Optimizer;
import java.nio.file.Path;
import java.util.Map;

/**
 * A running training as callbacks see it. Epochs are numbered from 1.
 *
 * <p>{@link #loss} and {@link #metrics} wait for the device; a callback that asks after every step
 * slows training down.
 */
public interface TrainState {
  /** Returns the model. */
  Module model();

  /** Returns the optimizer. */
  Optimizer optimizer();

  /** Returns the number of the current epoch, from 1; 0 before the first. */
  int epoch();

  /** Returns the number of the epoch that training ends with. */
  int epochs();

  /** Returns how many batches of this epoch are done. */
  int step();

  /** Returns how many batches this epoch has. */
  int steps();

  /** Returns how many batches are done in all epochs together. */
  long globalStep();

  /** Returns how many examples of this epoch are done. */
  long samples();

  /** Returns what the examples are: {@code images} for inputs of rank 4, else {@code samples}. */
  String unit();

  /** Returns the learning rate of the optimizer's first group. */
  double lr();

  /** Returns the mean training loss of this epoch so far; waits for the device. */
  double loss();

  /** Returns the training metrics of this epoch so far; waits for the device. */
  Map<String, Double> metrics();

  /** Returns the finished epochs; in {@code onEpochEnd} the current one is the last. */
  History history();

  /**
   * Ends training after the current step.
   *
   * @param reason for the history, such as {@code val_loss has not improved for 5 epochs}
   */
  void stop(String reason);

  /**
   * Saves everything that an exact resume needs, by writing a new file and renaming it, as soon as
   * all callbacks have been told the present news.
   *
   * @param path the file
   * @throws NonFiniteLossException if a parameter is NaN or infinite; the old file stays
   */
  void save(Path path);
}
