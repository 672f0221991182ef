package dev.kiln.optim;

/**
 * Multiplies the rates by a factor that goes in a straight line from startFactor to endFactor over
 * totalIters steps and stays there; with {@link #warmup} from near 0 to 1.
 */
public final class LinearLR extends ClosedFormSchedule {
  private final double startFactor;
  private final double endFactor;
  private final long totalIters;

  private LinearLR(Optimizer optimizer, double startFactor, double endFactor, long totalIters) {
    super(optimizer);
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = totalIters;
    apply(0);
  }

  /**
   * Makes the schedule.
   *
   * @param optimizer whose rates it changes
   * @param startFactor the factor of step 0, above 0 and at most 1; PyTorch's default is 1 / 3
   * @param endFactor the factor from step totalIters on, 0 to 1; PyTorch's default is 1
   * @param totalIters steps from the first to the last factor, at least 1; PyTorch's default is 5
   * @return the schedule, at step 0
   * @throws OptimizerException if a setting is outside its range
   */
  public static LinearLR of(
      Optimizer optimizer, double startFactor, double endFactor, long totalIters) {
    String kind = "LinearLR";
    require(
        startFactor > 0 && startFactor <= 1,
        kind,
        "startFactor = " + startFactor + " must be > 0 and <= 1");
    require(
        endFactor >= 0 && endFactor <= 1, kind, "endFactor = " + endFactor + " must be in 0 .. 1");
    require(totalIters >= 1, kind, "totalIters = " + totalIters + " must be at least 1");
    return new LinearLR(optimizer, startFactor, endFactor, totalIters);
  }

  /**
   * Makes a linear warm-up: step t of the first steps uses {@code base * (t + 1) / steps}. Goyal et
   * al. 2017.
   *
   * @param optimizer whose rates it changes
   * @param steps how many steps it takes until the full rate is used, at least 1
   * @return the schedule, at step 0
   * @throws OptimizerException if steps is below 1
   */
  public static LinearLR warmup(Optimizer optimizer, long steps) {
    require(steps >= 1, "LinearLR", "steps = " + steps + " must be at least 1");
    return of(optimizer, 1.0 / steps, 1, Math.max(1, steps - 1));
  }

  @Override
  double lr(double base, int group, double step) {
    return base
        * (startFactor + (endFactor - startFactor) * Math.min(step, totalIters) / totalIters);
  }
}
