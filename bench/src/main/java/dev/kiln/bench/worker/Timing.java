package dev.kiln.bench.worker;

/**
 * How long some work takes.
 *
 * @param first seconds of the first run, which loads and chooses things
 * @param samples seconds of a run in each sample
 * @param heap bytes of Java heap that a run allocates on all threads, after warm-up
 */
public record Timing(double first, Samples samples, double heap) {
  private static final int LEAST_SAMPLES = 5;

  /**
   * Times a run.
   *
   * @param sync waits until all that was begun is done
   * @param run the work
   * @param warmUp seconds of warm-up; at least 3 runs
   * @param seconds for about how long to take samples; at least 5 of them
   */
  public static Timing of(Runnable sync, Runnable run, double warmUp, double seconds) {
    Stopwatch watch = new Stopwatch(sync, run, warmUp);
    watch.take(LEAST_SAMPLES, seconds);
    return watch.timing();
  }
}
