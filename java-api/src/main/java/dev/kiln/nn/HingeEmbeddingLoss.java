package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Reduction;

/**
 * The output where the target is 1, {@code max(0, margin - output)} where it is -1.
 *
 * @param margin how far apart unlike pairs shall be
 * @param reduction how single losses become one
 */
public record HingeEmbeddingLoss(double margin, Reduction reduction) implements Loss {
  /** Takes PyTorch's defaults: margin 1, the mean. */
  public HingeEmbeddingLoss() {
    this(1, Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return MarginLosses.hingeEmbedding(output, target, margin, reduction);
  }
}
