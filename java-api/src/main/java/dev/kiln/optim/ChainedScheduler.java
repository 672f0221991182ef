package dev.kiln.optim;

import java.util.List;

/**
 * Applies several schedules at once, each to the rates that the one before gives: where they
 * multiply the rate by a factor, all factors hold together.
 */
public final class ChainedScheduler extends ClosedFormSchedule {
  private final List<ClosedFormSchedule> parts;

  private ChainedScheduler(Optimizer optimizer, List<ClosedFormSchedule> parts) {
    super(optimizer);
    this.parts = parts;
    apply(0);
  }

  /**
   * Makes the schedule.
   *
   * @param optimizer whose rates it changes
   * @param parts schedules of the same optimizer, which only this one steps from now on; at least
   *     one
   * @return the schedule, at step 0
   * @throws OptimizerException if there is no part, or one is of another optimizer
   */
  public static ChainedScheduler of(Optimizer optimizer, List<? extends ClosedFormSchedule> parts) {
    require(!parts.isEmpty(), "ChainedScheduler", "no schedules given");
    requireSame("ChainedScheduler", optimizer, parts);
    return new ChainedScheduler(optimizer, List.copyOf(parts));
  }

  static void requireSame(
      String kind, Optimizer optimizer, List<? extends ClosedFormSchedule> parts) {
    for (ClosedFormSchedule part : parts) {
      require(
          part.optimizer() == optimizer,
          kind,
          part.kind() + " is of another optimizer; make all parts for the same one");
    }
  }

  @Override
  double lr(double base, int group, double step) {
    double rate = base;
    for (ClosedFormSchedule part : parts) {
      rate = part.lr(rate, group, step);
    }
    return rate;
  }

  @Override
  void setOthers(double step) {
    parts.forEach(part -> part.setOthers(step));
  }
}
