package dev.kiln.train;

/** Which direction of a monitored value is good. */
public enum Mode {
  /** Small is good, as for a loss. */
  MIN,
  /** Large is good, as for an accuracy. */
  MAX;

  /**
   * Tells whether a value beats another; any number beats NaN.
   *
   * @param value the new value
   * @param best the one to beat
   * @return true if it is strictly better
   */
  public boolean isBetter(double value, double best) {
    return isBetter(value, best, 0);
  }

  /**
   * Tells whether a value beats another by more than a margin; any number beats NaN.
   *
   * @param value the new value
   * @param best the one to beat
   * @param minDelta the margin, 0 or more
   * @return true if it is better by more than the margin
   */
  public boolean isBetter(double value, double best, double minDelta) {
    if (Double.isNaN(value) || Double.isNaN(best)) {
      return !Double.isNaN(value);
    }
    return this == MIN ? value < best - minDelta : value > best + minDelta;
  }

  /**
   * Guesses the direction from a name, as it is usually meant.
   *
   * @param monitor such as {@code val_loss}
   * @return MAX for accuracies, precision, recall and f1; MIN for anything else
   */
  public static Mode of(String monitor) {
    return monitor.matches("(val_)?(.*accuracy|confusion_matrix|precision|recall|f1|auc)")
        ? MAX
        : MIN;
  }
}
