package dev.kiln.optim;

import java.util.List;

/** Multiplies the rates by gamma at each milestone that has been reached. */
public final class MultiStepLR extends ClosedFormSchedule {
  private final List<Long> milestones;
  private final double gamma;

  private MultiStepLR(Optimizer optimizer, List<Long> milestones, double gamma) {
    super(optimizer);
    this.milestones = milestones;
    this.gamma = gamma;
    apply(0);
  }

  /**
   * Makes the schedule.
   *
   * @param optimizer whose rates it changes
   * @param milestones step numbers, in any order; one given twice counts twice
   * @param gamma the factor; PyTorch's default is 0.1
   * @return the schedule, at step 0
   * @throws OptimizerException if gamma is negative
   */
  public static MultiStepLR of(Optimizer optimizer, List<Long> milestones, double gamma) {
    require(gamma >= 0, "MultiStepLR", "gamma = " + gamma + " must be >= 0");
    return new MultiStepLR(optimizer, List.copyOf(milestones), gamma);
  }

  @Override
  double lr(double base, int group, double step) {
    return base * Math.pow(gamma, milestones.stream().filter(m -> m <= step).count());
  }
}
