package dev.kiln.data;

import java.util.Arrays;

/** The sizes of a random split. */
final class Splits {
  private Splits() {}

  static int[] sizes(int size, double[] fractions) {
    double sum = 0;
    for (double f : fractions) {
      if (!(f > 0)) {
        throw new DataException(
            "[randomSplit] fraction %s is not positive in %s"
                .formatted(f, Arrays.toString(fractions)));
      }
      sum += f;
    }
    if (!(Math.abs(sum - 1) <= 1e-6)) {
      throw new DataException(
          "[randomSplit] fractions %s sum to %s; they must sum to 1"
              .formatted(Arrays.toString(fractions), sum));
    }
    int[] sizes = new int[fractions.length];
    int left = size;
    for (int i = 0; i < sizes.length; i++) {
      // 0.1 * 30 is a hair below 3 in binary; without the nudge a part would lose an example.
      sizes[i] = Math.min(left, (int) Math.floor(size * fractions[i] + 1e-9));
      left -= sizes[i];
    }
    for (int i = 0; left > 0; i = (i + 1) % sizes.length) {
      sizes[i]++;
      left--;
    }
    return sizes;
  }
}
