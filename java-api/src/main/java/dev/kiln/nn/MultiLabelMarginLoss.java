package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Reduction;

/**
 * The sum over right classes j and wrong ones i of {@code max(0, 1 - x[j] + x[i])}, divided by the
 * number of classes; targets list the right classes, up to the first negative number.
 *
 * @param reduction how single losses become one
 */
public record MultiLabelMarginLoss(Reduction reduction) implements Loss {
  /** Takes the mean. */
  public MultiLabelMarginLoss() {
    this(Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return MarginLosses.multiLabelMargin(output, target, reduction);
  }
}
