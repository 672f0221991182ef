package dev.kiln.optim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Changes the learning rates of an optimizer's groups as training goes on.
 *
 * <p>A schedule counts calls of {@link #step()}; whether they come once per epoch or once per
 * training step is the caller's choice, and decides what its lengths are counted in. Making one
 * sets the rates of step 0 at once. It starts from the rates that the groups were given, not from
 * those that another schedule has set.
 *
 * <p>Rates are computed from the step number alone, so a rate that is set by hand holds until the
 * next step of the schedule.
 */
public abstract sealed class LrScheduler permits ClosedFormSchedule, ReduceLROnPlateau {
  private static final String KIND = "kind";

  private final Optimizer optimizer;

  LrScheduler(Optimizer optimizer) {
    this.optimizer = optimizer;
  }

  /**
   * Returns the schedule's name, such as {@code StepLR}.
   *
   * @return the class's simple name
   */
  public final String kind() {
    return getClass().getSimpleName();
  }

  /**
   * Returns whose rates it changes.
   *
   * @return the optimizer
   */
  public final Optimizer optimizer() {
    return optimizer;
  }

  /**
   * Goes one step on and sets the rates of that step.
   *
   * @throws OptimizerException if the schedule needs a metric or has come to its end
   */
  public abstract void step();

  /**
   * Goes one step on; schedules that do not look at a metric ignore it.
   *
   * @param metric what is watched, such as the validation loss
   */
  public void step(double metric) {
    step();
  }

  /**
   * Returns the current learning rates.
   *
   * @return one per group
   */
  public final List<Double> lrs() {
    return optimizer.groups().stream().map(ParameterGroup::lr).toList();
  }

  /**
   * Returns where the schedule is, ready for JSON. The settings it was made with are not part of
   * it: load into a schedule that was made the same way.
   *
   * @return numbers, strings and lists by name
   */
  public final Map<String, Object> state() {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put(KIND, kind());
    save(out);
    return out;
  }

  /**
   * Goes on from where a saved schedule was.
   *
   * @param saved as {@link #state()} gave it
   * @throws OptimizerException if it is of another kind of schedule or incomplete
   */
  public final void load(Map<String, ?> saved) {
    if (!kind().equals(saved.get(KIND))) {
      throw new OptimizerException(
          "[load] the saved schedule is " + saved.get(KIND) + " but this one is " + kind());
    }
    restore(saved);
  }

  abstract void save(Map<String, Object> into);

  abstract void restore(Map<String, ?> saved);

  final double number(Map<String, ?> saved, String name) {
    if (saved.get(name) instanceof Number n) {
      return n.doubleValue();
    }
    throw new OptimizerException("[load] the saved " + kind() + " has no number '" + name + "'");
  }

  final List<Double> numbers(Map<String, ?> saved, String name) {
    List<Double> out = new ArrayList<>();
    if (saved.get(name) instanceof List<?> list) {
      for (Object v : list) {
        if (v instanceof Number n) {
          out.add(n.doubleValue());
        }
      }
      if (out.size() == list.size()) {
        return out;
      }
    }
    throw new OptimizerException("[load] the saved " + kind() + " has no numbers '" + name + "'");
  }

  static void require(boolean rule, String kind, String message) {
    if (!rule) {
      throw new OptimizerException("[" + kind + "] " + message);
    }
  }
}
