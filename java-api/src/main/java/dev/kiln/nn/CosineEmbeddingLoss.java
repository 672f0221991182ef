package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Reduction;

/**
 * {@code 1 - cos} where the target is 1, {@code max(0, cos - margin)} where it is -1, of x1, x2 [n,
 * features] and a target [n].
 *
 * @param margin how alike unlike pairs may be
 * @param reduction how single losses become one
 */
public record CosineEmbeddingLoss(double margin, Reduction reduction) implements TripleLoss {
  /** Takes PyTorch's defaults: margin 0, the mean. */
  public CosineEmbeddingLoss() {
    this(0, Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor x1, Tensor x2, Tensor target) {
    return MarginLosses.cosineEmbedding(x1, x2, target, margin, reduction);
  }
}
