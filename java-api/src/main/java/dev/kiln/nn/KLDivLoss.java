package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;

/**
 * Kullback-Leibler divergence of log-probabilities from target probabilities.
 *
 * @param logTarget whether targets are in logarithms too
 * @param reduction BATCHMEAN is the mathematical definition
 */
public record KLDivLoss(boolean logTarget, Reduction reduction) implements Loss {
  /** Takes plain targets and, as PyTorch does, the mean over all elements. */
  public KLDivLoss() {
    this(false, Reduction.MEAN);
  }

  /** Takes plain targets. */
  public KLDivLoss(Reduction reduction) {
    this(false, reduction);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return Losses.klDiv(output, target, logTarget, reduction);
  }
}
