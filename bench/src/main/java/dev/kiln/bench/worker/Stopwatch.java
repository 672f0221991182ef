package dev.kiln.bench.worker;

import java.util.ArrayList;
import java.util.List;

/**
 * Takes samples of some work, now and again. Devices work on behind the caller's back, so a sample
 * is a bunch of runs between two waits for the device, long enough that the wait does not count.
 */
final class Stopwatch {
  private static final double SAMPLE_SECONDS = 0.02;
  private static final int LEAST_WARM_UP = 3;
  private static final int MOST_RUNS = 10_000;

  private final Runnable sync;
  private final Runnable run;
  private final double first;
  private final int runs;
  private final List<Double> samples = new ArrayList<>();
  private long heap;

  /** Warms up: the first run, at least 3 more, and for so many seconds. */
  Stopwatch(Runnable sync, Runnable run, double warmUp) {
    this.sync = sync;
    this.run = run;
    first = sample(1);
    int bunch = 1;
    long start = System.nanoTime();
    for (int i = 0; i < LEAST_WARM_UP || since(start) < warmUp; i++) {
      bunch = (int) Math.max(1, Math.min(MOST_RUNS, SAMPLE_SECONDS / sample(bunch)));
    }
    runs = bunch;
  }

  /** Takes samples for so many seconds, at least so many samples. */
  void take(int least, double seconds) {
    Allocation before = Allocation.now();
    long start = System.nanoTime();
    for (int i = 0; i < least || since(start) < seconds; i++) {
      samples.add(sample(runs));
    }
    heap += Allocation.now().since(before);
  }

  /** Does one run that no sample counts, so that caches hold this work and not another's. */
  void settle() {
    sample(1);
  }

  /** Returns what all samples came to; there must be one. */
  Timing timing() {
    return new Timing(first, new Samples(samples), heap / ((double) runs * samples.size()));
  }

  private double sample(int count) {
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      run.run();
    }
    sync.run();
    return since(start) / count;
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
