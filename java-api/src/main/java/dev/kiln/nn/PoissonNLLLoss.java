package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;

/**
 * Negative log-likelihood of Poisson counts: {@code e^x - target x}, or {@code x - target ln(x +
 * eps)} for rates.
 *
 * @param logInput whether outputs are logarithms of rates
 * @param full whether Stirling's approximation of {@code ln(target!)} is added above 1
 * @param eps added to rates before the logarithm
 * @param reduction how single losses become one
 */
public record PoissonNLLLoss(boolean logInput, boolean full, double eps, Reduction reduction)
    implements Loss {
  /** Takes PyTorch's defaults: logarithms, not full, eps 1e-8, the mean. */
  public PoissonNLLLoss() {
    this(true, false, 1e-8, Reduction.MEAN);
  }

  /** Returns the same loss of logarithms of rates, or of rates. */
  public PoissonNLLLoss withLogInput(boolean wanted) {
    return new PoissonNLLLoss(wanted, full, eps, reduction);
  }

  /** Returns the same loss with or without the term of the targets alone. */
  public PoissonNLLLoss withFull(boolean wanted) {
    return new PoissonNLLLoss(logInput, wanted, eps, reduction);
  }

  /** Returns the same loss reduced in another way. */
  public PoissonNLLLoss withReduction(Reduction other) {
    return new PoissonNLLLoss(logInput, full, eps, other);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return Losses.poissonNll(output, target, logInput, full, eps, reduction);
  }
}
