package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;

/**
 * Mean squared error, {@code (output - target)^2}.
 *
 * @param reduction how single losses become one
 */
public record MSELoss(Reduction reduction) implements Loss {
  /** Takes the mean. */
  public MSELoss() {
    this(Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return Losses.mse(output, target, reduction);
  }
}
