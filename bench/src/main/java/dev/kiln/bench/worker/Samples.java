package dev.kiln.bench.worker;

import java.util.List;

/**
 * Times of the same work, at least one.
 *
 * @param sorted the times, the shortest first
 */
public record Samples(List<Double> sorted) {
  /** Takes times in any order. */
  public Samples {
    sorted = sorted.stream().sorted().toList();
  }

  /** Returns the time in the middle. */
  public double median() {
    return sorted.get(sorted.size() / 2);
  }

  /** Returns the shortest time. */
  public double best() {
    return sorted.get(0);
  }

  /** Returns the range of the middle half of the times, as a part of the median. */
  public double spread() {
    int n = sorted.size();
    return (sorted.get(3 * n / 4) - sorted.get(n / 4)) / median();
  }
}
