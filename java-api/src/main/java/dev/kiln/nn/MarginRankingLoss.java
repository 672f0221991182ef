package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Reduction;

/**
 * {@code max(0, margin - target (x1 - x2))}, of x1, x2 and a target: 1 where x1 shall rank higher,
 * else -1.
 *
 * @param margin how far the higher shall lead
 * @param reduction how single losses become one
 */
public record MarginRankingLoss(double margin, Reduction reduction) implements TripleLoss {
  /** Takes PyTorch's defaults: margin 0, the mean. */
  public MarginRankingLoss() {
    this(0, Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor x1, Tensor x2, Tensor target) {
    return MarginLosses.marginRanking(x1, x2, target, margin, reduction);
  }
}
