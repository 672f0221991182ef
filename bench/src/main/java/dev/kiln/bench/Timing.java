package dev.kiln.bench;

import dev.kiln.Device;
import java.util.ArrayList;
import java.util.List;

/**
 * Times runs of some work. Devices work on behind the caller's back, so a sample is a bunch of runs
 * between two waits for the device, long enough that the wait does not count.
 */
final class Timing {
  private static final double SAMPLE_SECONDS = 0.02;
  private static final int LEAST_SAMPLES = 5;
  private static final int MOST_RUNS = 10_000;

  private Timing() {}

  /**
   * What came of it.
   *
   * @param first seconds of the first run, which loads and chooses things
   * @param median seconds of a run, the median of the samples
   * @param best seconds of a run in the fastest sample
   * @param spread the middle half of the samples, as a part of the median
   * @param samples how many samples there are
   */
  record Result(double first, double median, double best, double spread, int samples) {}

  /** Times a run for about some seconds, after as long a warm-up of at most half of it. */
  static Result of(Device device, Runnable run, double seconds) {
    double first = sample(device, run, 1);
    double one = sample(device, run, 1);
    int runs = 1;
    long start = System.nanoTime();
    while (since(start) < seconds / 2) {
      one = sample(device, run, runs);
      runs = (int) Math.max(1, Math.min(MOST_RUNS, SAMPLE_SECONDS / one));
    }
    List<Double> samples = new ArrayList<>();
    start = System.nanoTime();
    while (samples.size() < LEAST_SAMPLES || since(start) < seconds) {
      samples.add(sample(device, run, runs));
    }
    samples.sort(null);
    int n = samples.size();
    double median = samples.get(n / 2);
    double spread = (samples.get(3 * n / 4) - samples.get(n / 4)) / median;
    return new Result(first, median, samples.get(0), spread, n);
  }

  private static double sample(Device device, Runnable run, int runs) {
    long start = System.nanoTime();
    for (int i = 0; i < runs; i++) {
      run.run();
    }
    device.sync();
    return since(start) / runs;
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
