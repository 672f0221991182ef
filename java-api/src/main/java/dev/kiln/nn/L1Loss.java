package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;

/**
 * Mean absolute error, {@code |output - target|}.
 *
 * @param reduction how single losses become one
 */
public record L1Loss(Reduction reduction) implements Loss {
  /** Takes the mean. */
  public L1Loss() {
    this(Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return Losses.l1(output, target, reduction);
  }
}
