package dev.kiln.bench.worker;

import java.util.ArrayList;
import java.util.List;

/**
 * Times runs of some work. Devices work on behind the caller's back, so a sample is a bunch of runs
 * between two waits for the device, long enough that the wait does not count.
 *
 * @param first seconds of the first run, which loads and chooses things
 * @param samples seconds of a run in each sample
 * @param heap bytes of Java heap that a run allocates on all threads, after warm-up
 */
public record Timing(double first, Samples samples, double heap) {
  private static final double SAMPLE_SECONDS = 0.02;
  private static final int LEAST_SAMPLES = 5;
  private static final int LEAST_WARM_UP = 3;
  private static final int MOST_RUNS = 10_000;

  /**
   * Times a run.
   *
   * @param sync waits until all that was begun is done
   * @param run the work
   * @param warmUp seconds of warm-up; at least 3 runs
   * @param seconds for about how long to take samples; at least 5 of them
   */
  public static Timing of(Runnable sync, Runnable run, double warmUp, double seconds) {
    double first = sample(sync, run, 1);
    double one = first;
    int runs = 1;
    long start = System.nanoTime();
    for (int i = 0; i < LEAST_WARM_UP || since(start) < warmUp; i++) {
      one = sample(sync, run, runs);
      runs = (int) Math.max(1, Math.min(MOST_RUNS, SAMPLE_SECONDS / one));
    }
    List<Double> samples = new ArrayList<>();
    Allocation before = Allocation.now();
    start = System.nanoTime();
    while (samples.size() < LEAST_SAMPLES || since(start) < seconds) {
      samples.add(sample(sync, run, runs));
    }
    double heap = Allocation.now().since(before) / ((double) runs * samples.size());
    return new Timing(first, new Samples(samples), heap);
  }

  private static double sample(Runnable sync, Runnable run, int runs) {
    long start = System.nanoTime();
    for (int i = 0; i < runs; i++) {
      run.run();
    }
    sync.run();
    return since(start) / runs;
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
