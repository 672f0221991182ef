package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Reduction;

/**
 * {@code ln(1 + e^(-target x))} for targets of 1 and -1.
 *
 * @param reduction how single losses become one
 */
public record SoftMarginLoss(Reduction reduction) implements Loss {
  /** Takes the mean. */
  public SoftMarginLoss() {
    this(Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return MarginLosses.softMargin(output, target, reduction);
  }
}
