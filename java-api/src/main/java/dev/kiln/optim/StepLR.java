package dev.kiln.optim;

/** Multiplies the rates by gamma every stepSize steps: {@code base * gamma^floor(t / stepSize)}. */
public final class StepLR extends ClosedFormSchedule {
  private final long stepSize;
  private final double gamma;

  private StepLR(Optimizer optimizer, long stepSize, double gamma) {
    super(optimizer);
    this.stepSize = stepSize;
    this.gamma = gamma;
    apply(0);
  }

  /**
   * Makes the schedule.
   *
   * @param optimizer whose rates it changes
   * @param stepSize steps between two changes, at least 1
   * @param gamma the factor; PyTorch's default is 0.1
   * @return the schedule, at step 0
   * @throws OptimizerException if stepSize is below 1 or gamma is negative
   */
  public static StepLR of(Optimizer optimizer, long stepSize, double gamma) {
    require(stepSize >= 1, "StepLR", "stepSize = " + stepSize + " must be at least 1");
    require(gamma >= 0, "StepLR", "gamma = " + gamma + " must be >= 0");
    return new StepLR(optimizer, stepSize, gamma);
  }

  @Override
  double lr(double base, int group, double step) {
    return base * Math.pow(gamma, Math.floor(step / stepSize));
  }
}
