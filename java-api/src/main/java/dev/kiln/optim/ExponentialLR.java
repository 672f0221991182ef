package dev.kiln.optim;

/** Multiplies the rates by gamma at every step: {@code base * gamma^t}. */
public final class ExponentialLR extends ClosedFormSchedule {
  private final double gamma;

  private ExponentialLR(Optimizer optimizer, double gamma) {
    super(optimizer);
    this.gamma = gamma;
    apply(0);
  }

  /**
   * Makes the schedule.
   *
   * @param optimizer whose rates it changes
   * @param gamma the factor
   * @return the schedule, at step 0
   * @throws OptimizerException if gamma is negative
   */
  public static ExponentialLR of(Optimizer optimizer, double gamma) {
    require(gamma >= 0, "ExponentialLR", "gamma = " + gamma + " must be >= 0");
    return new ExponentialLR(optimizer, gamma);
  }

  @Override
  double lr(double base, int group, double step) {
    return base * Math.pow(gamma, step);
  }
}
