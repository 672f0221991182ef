package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.LikelihoodLosses;
import dev.kiln.ops.Reduction;

/**
 * Negative log-likelihood of targets under normal distributions: {@code (ln var + (mean - target)^2
 * / var) / 2}. Nix and Weigend 1994.
 *
 * @param full whether the constant {@code ln(2 pi) / 2} is added
 * @param eps the least variance, above 0
 * @param reduction how single losses become one
 */
public record GaussianNLLLoss(boolean full, double eps, Reduction reduction) implements TripleLoss {
  /** Takes PyTorch's defaults: not full, eps 1e-6, the mean. */
  public GaussianNLLLoss() {
    this(false, 1e-6, Reduction.MEAN);
  }

  /** Returns the same loss with or without the constant. */
  public GaussianNLLLoss withFull(boolean wanted) {
    return new GaussianNLLLoss(wanted, eps, reduction);
  }

  /** Returns the same loss reduced in another way. */
  public GaussianNLLLoss withReduction(Reduction other) {
    return new GaussianNLLLoss(full, eps, other);
  }

  @Override
  public Tensor of(Tensor mean, Tensor target, Tensor var) {
    return LikelihoodLosses.gaussianNll(mean, target, var, full, eps, reduction);
  }
}
