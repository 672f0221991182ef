package dev.kiln.cli;

import dev.kiln.optim.CosineAnnealingLR;
import dev.kiln.optim.LrScheduler;
import dev.kiln.optim.OneCycleLR;
import dev.kiln.optim.Optimizer;
import java.util.Optional;

/** How the learning rate goes over the steps of a training. */
enum ScheduleChoice {
  /** Up to the highest, then down to nearly nothing. */
  ONE_CYCLE("one-cycle"),
  /** Down along half a cosine. */
  COSINE("cosine"),
  /** Always the same. */
  CONSTANT("constant");

  private static final double RISING = 0.2;

  private final String label;

  ScheduleChoice(String label) {
    this.label = label;
  }

  /** Returns the name as the command line has it. */
  @Override
  public String toString() {
    return label;
  }

  /**
   * Makes the schedule, which is stepped after each of the steps.
   *
   * @param optimizer whose rates it sets
   * @param highest the highest rate
   * @param steps how many there will be
   */
  Optional<LrScheduler> make(Optimizer optimizer, double highest, long steps) {
    return switch (this) {
      case ONE_CYCLE ->
          Optional.of(OneCycleLR.builder(optimizer, highest, steps + 1).pctStart(RISING).build());
      case COSINE -> Optional.of(CosineAnnealingLR.of(optimizer, steps));
      case CONSTANT -> Optional.empty();
    };
  }
}
