package dev.kiln.optim;

import java.util.List;

/**
 * Follows one schedule after another; each starts at its own step 0 when its milestone is reached.
 *
 * <pre>{@code
 * SequentialLR.of(
 *     optimizer,
 *     List.of(LinearLR.warmup(optimizer, 500), CosineAnnealingLR.of(optimizer, 9_500)),
 *     List.of(500L));
 * }</pre>
 */
public final class SequentialLR extends ClosedFormSchedule {
  private final List<ClosedFormSchedule> parts;
  private final List<Long> milestones;

  private SequentialLR(Optimizer optimizer, List<ClosedFormSchedule> parts, List<Long> milestones) {
    super(optimizer);
    this.parts = parts;
    this.milestones = milestones;
    apply(0);
  }

  /**
   * Makes the schedule.
   *
   * @param optimizer whose rates it changes
   * @param parts schedules of the same optimizer, which only this one steps from now on
   * @param milestones the first step of each part but the first, ascending
   * @return the schedule, at step 0
   * @throws OptimizerException if a part is of another optimizer, or the milestones are not
   *     ascending or not one fewer than the parts
   */
  public static SequentialLR of(
      Optimizer optimizer, List<? extends ClosedFormSchedule> parts, List<Long> milestones) {
    String kind = "SequentialLR";
    require(
        milestones.size() == parts.size() - 1,
        kind,
        parts.size() + " schedules need one milestone fewer, not " + milestones.size());
    for (int i = 0; i < milestones.size(); i++) {
      require(
          milestones.get(i) > (i == 0 ? 0 : milestones.get(i - 1)),
          kind,
          "milestones " + milestones + " must be ascending from above 0");
    }
    ChainedScheduler.requireSame(kind, optimizer, parts);
    return new SequentialLR(optimizer, List.copyOf(parts), List.copyOf(milestones));
  }

  private int part(double step) {
    int i = 0;
    while (i < milestones.size() && step >= milestones.get(i)) {
      i++;
    }
    return i;
  }

  private double within(int part, double step) {
    return part == 0 ? step : step - milestones.get(part - 1);
  }

  @Override
  double lr(double base, int group, double step) {
    int i = part(step);
    return parts.get(i).lr(base, group, within(i, step));
  }

  @Override
  void setOthers(double step) {
    int i = part(step);
    parts.get(i).setOthers(within(i, step));
  }
}
