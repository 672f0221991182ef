package dev.kiln.cli.experiment;

import dev.kiln.optim.LambdaLR;
import dev.kiln.optim.LrScheduler;
import dev.kiln.optim.Optimizer;

/** A learning rate that rises in the first tenth of the steps, then falls along half a cosine. */
final class WarmUpCosine {
  private WarmUpCosine() {}

  /**
   * Makes the schedule; each group rises to its own rate.
   *
   * @param optimizer whose rates it changes
   * @param steps how many there will be
   */
  static LrScheduler of(Optimizer optimizer, long steps) {
    long rise = Math.max(1, steps / 10);
    return LambdaLR.of(
        optimizer,
        step ->
            step < rise
                ? (step + 1.0) / rise
                : 0.5 * (1 + Math.cos(Math.PI * (step - rise) / Math.max(1, steps - rise))));
  }
}
