package dev.kiln.train;

import dev.kiln.KilnException;
import java.util.List;
import java.util.Optional;

/**
 * What a training run came to, epoch by epoch, those before a resume included.
 *
 * @param epochs the finished epochs, in order
 * @param interrupted whether Ctrl-C, SIGTERM or a thread interrupt ended it
 * @param stopReason why it ended before its time; empty if it did not
 */
public record History(List<EpochRecord> epochs, boolean interrupted, Optional<String> stopReason) {

  /** Makes a history; the list is copied. */
  public History {
    epochs = List.copyOf(epochs);
  }

  /**
   * Returns the last finished epoch.
   *
   * @return the record, or nothing before the end of the first epoch
   */
  public Optional<EpochRecord> last() {
    return epochs.isEmpty() ? Optional.empty() : Optional.of(epochs.get(epochs.size() - 1));
  }

  /**
   * Finds the best epoch; the first of equals.
   *
   * @param monitor such as {@code val_loss}
   * @param mode whether small or large is good
   * @return the record
   * @throws KilnException if no epoch is finished or there is no such value
   */
  public EpochRecord best(String monitor, Mode mode) {
    EpochRecord best =
        last().orElseThrow(() -> new KilnException("[history] no epoch is finished yet"));
    double value = Double.NaN;
    for (EpochRecord r : epochs) {
      if (mode.isBetter(r.value(monitor), value)) {
        best = r;
        value = r.value(monitor);
      }
    }
    return best;
  }

  /**
   * Returns one value over all epochs, for a curve.
   *
   * @param monitor such as {@code accuracy}
   * @return one number per finished epoch
   */
  public double[] values(String monitor) {
    return epochs.stream().mapToDouble(r -> r.value(monitor)).toArray();
  }
}
