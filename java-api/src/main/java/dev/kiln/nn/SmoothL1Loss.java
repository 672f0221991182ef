package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;

/**
 * Smooth L1: {@code d^2 / (2 beta)} for distances below beta, {@code d - beta / 2} beyond.
 *
 * @param beta where the parabola becomes a line; 0 makes plain L1
 * @param reduction how single losses become one
 */
public record SmoothL1Loss(double beta, Reduction reduction) implements Loss {
  /** Takes beta 1 and the mean. */
  public SmoothL1Loss() {
    this(1);
  }

  /** Takes the mean. */
  public SmoothL1Loss(double beta) {
    this(beta, Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return Losses.smoothL1(output, target, beta, reduction);
  }
}
