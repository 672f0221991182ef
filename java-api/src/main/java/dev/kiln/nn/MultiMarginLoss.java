package dev.kiln.nn;

import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Reduction;
import java.util.Optional;

/**
 * The sum over the wrong classes i of {@code max(0, margin - x[y] + x[i])^p}, divided by the number
 * of classes, for scores [n, classes] and right classes y [n].
 *
 * @param p 1 or 2
 * @param margin how far the right class shall lead
 * @param weight weight of each right class, [classes], if there is one
 * @param reduction how single losses become one
 */
public record MultiMarginLoss(int p, double margin, Optional<Tensor> weight, Reduction reduction)
    implements Loss {
  /** Takes PyTorch's defaults: p 1, margin 1, no weight, the mean. */
  public MultiMarginLoss() {
    this(1, 1, Optional.empty(), Reduction.MEAN);
  }

  /** Keeps the weight out of scopes, since the loss outlives them. */
  public MultiMarginLoss {
    weight.ifPresent(Scope::disown);
  }

  /** Returns the same loss with another power. */
  public MultiMarginLoss withP(int power) {
    return new MultiMarginLoss(power, margin, weight, reduction);
  }

  /** Returns the same loss with another margin. */
  public MultiMarginLoss withMargin(double lead) {
    return new MultiMarginLoss(p, lead, weight, reduction);
  }

  /** Returns the same loss with a weight for each class. */
  public MultiMarginLoss withWeight(Tensor classWeight) {
    return new MultiMarginLoss(p, margin, Optional.of(classWeight), reduction);
  }

  /** Returns the same loss reduced in another way. */
  public MultiMarginLoss withReduction(Reduction other) {
    return new MultiMarginLoss(p, margin, weight, other);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return MarginLosses.multiMargin(output, target, p, margin, weight, reduction);
  }
}
