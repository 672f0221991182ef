package dev.kiln.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A schedule whose rates follow from the step number and the first rates alone. */
public abstract sealed class ClosedFormSchedule extends LrScheduler
    permits StepLR,
        MultiStepLR,
        ExponentialLR,
        CosineAnnealingLR,
        CosineAnnealingWarmRestarts,
        LinearLR,
        OneCycleLR,
        LambdaLR,
        SequentialLR,
        ChainedScheduler {
  private static final String STEP = "step";
  private static final String BASE_LRS = "baseLrs";

  private final List<Double> baseLrs = new ArrayList<>();
  private double step;

  ClosedFormSchedule(Optimizer optimizer) {
    super(optimizer);
    bases();
  }

  /**
   * The rate of one group.
   *
   * @param base the rate it starts from
   * @param group the group's position
   * @param step steps since the start, from 0; with a fraction only if the caller asked for it
   */
  abstract double lr(double base, int group, double step);

  /** Sets whatever else the schedule changes; nothing for most. */
  void setOthers(double step) {}

  /**
   * Returns how many steps were taken.
   *
   * @return 0 when new
   */
  public final long stepCount() {
    return (long) step;
  }

  @Override
  public final void step() {
    moveTo(Math.floor(step) + 1);
  }

  final void moveTo(double to) {
    apply(to);
    step = to;
  }

  /** Sets rates, and momentum where it has a cycle, as of some step. */
  final void apply(double at) {
    List<ParameterGroup> groups = optimizer().groups();
    List<Double> from = bases();
    double[] rates = new double[groups.size()];
    for (int g = 0; g < rates.length; g++) {
      rates[g] = lr(from.get(g), g, at);
    }
    for (int g = 0; g < rates.length; g++) {
      groups.get(g).scheduledLr(rates[g]);
    }
    setOthers(at);
  }

  /** The rates to start from; groups that were added since join with their own. */
  private List<Double> bases() {
    List<ParameterGroup> groups = optimizer().groups();
    while (baseLrs.size() < groups.size()) {
      baseLrs.add(groups.get(baseLrs.size()).initialLr());
    }
    return baseLrs;
  }

  @Override
  final void save(Map<String, Object> into) {
    into.put(STEP, step);
    into.put(BASE_LRS, List.copyOf(bases()));
  }

  @Override
  final void restore(Map<String, ?> saved) {
    double to = number(saved, STEP);
    List<Double> from = numbers(saved, BASE_LRS);
    require(
        to >= 0 && from.size() == optimizer().groups().size(),
        kind(),
        "the saved state has step "
            + to
            + " and "
            + from.size()
            + " groups but the optimizer has "
            + optimizer().groups().size());
    baseLrs.clear();
    baseLrs.addAll(from);
    moveTo(to);
  }
}
