package dev.kiln.optim;

import java.util.List;
import java.util.function.LongToDoubleFunction;

/** Multiplies the first rates by a factor that a function gives for each step. */
public final class LambdaLR extends ClosedFormSchedule {
  private final List<LongToDoubleFunction> factors;

  private LambdaLR(Optimizer optimizer, List<LongToDoubleFunction> factors) {
    super(optimizer);
    this.factors = factors;
    apply(0);
  }

  /**
   * Makes the schedule with one function for all groups.
   *
   * @param optimizer whose rates it changes
   * @param factor gives the factor of a step, from step 0 on; at least 0
   * @return the schedule, at step 0
   */
  public static LambdaLR of(Optimizer optimizer, LongToDoubleFunction factor) {
    return new LambdaLR(optimizer, List.of(factor));
  }

  /**
   * Makes the schedule with one function per group.
   *
   * @param optimizer whose rates it changes
   * @param factors in the order of the groups
   * @return the schedule, at step 0
   * @throws OptimizerException if there are not as many functions as groups
   */
  public static LambdaLR of(Optimizer optimizer, List<LongToDoubleFunction> factors) {
    require(
        factors.size() == optimizer.groups().size(),
        "LambdaLR",
        factors.size()
            + " functions for "
            + optimizer.groups().size()
            + " groups; give one per group, or one for all");
    return new LambdaLR(optimizer, List.copyOf(factors));
  }

  @Override
  double lr(double base, int group, double step) {
    return base * factors.get(Math.min(group, factors.size() - 1)).applyAsDouble((long) step);
  }
}
