package dev.kiln.cli.experiment;

import java.util.Arrays;
import java.util.Locale;

/**
 * One figure measured several times.
 *
 * @param values one for each seed
 */
record Scores(double[] values) {
  double mean() {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  /** The standard deviation of the sample, with n - 1; 0 of a single value. */
  double deviation() {
    if (values.length < 2) {
      return 0;
    }
    double mean = mean();
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return Math.sqrt(squares / (values.length - 1));
  }

  /** Returns mean and deviation of shares, in per cent. */
  String percent() {
    return String.format(Locale.ROOT, "%.1f ± %.1f %%", 100 * mean(), 100 * deviation());
  }
}
