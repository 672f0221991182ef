package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;

/**
 * Huber's loss: {@code d^2 / 2} for distances up to delta, {@code delta (d - delta / 2)} beyond.
 *
 * @param delta where the parabola becomes a line, above 0
 * @param reduction how single losses become one
 */
public record HuberLoss(double delta, Reduction reduction) implements Loss {
  /** Takes delta 1 and the mean. */
  public HuberLoss() {
    this(1);
  }

  /** Takes the mean. */
  public HuberLoss(double delta) {
    this(delta, Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return Losses.huber(output, target, delta, reduction);
  }
}
