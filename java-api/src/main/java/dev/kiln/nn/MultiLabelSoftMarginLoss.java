package dev.kiln.nn;

import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Reduction;
import java.util.Optional;

/**
 * Binary cross-entropy of unnormalised scores [..., classes], averaged over the classes.
 *
 * @param weight weight of each class, [classes], if there is one
 * @param reduction how single losses become one
 */
public record MultiLabelSoftMarginLoss(Optional<Tensor> weight, Reduction reduction)
    implements Loss {
  /** Takes no weight and the mean. */
  public MultiLabelSoftMarginLoss() {
    this(Optional.empty(), Reduction.MEAN);
  }

  /** Keeps the weight out of scopes, since the loss outlives them. */
  public MultiLabelSoftMarginLoss {
    weight.ifPresent(Scope::disown);
  }

  /** Returns the same loss with a weight for each class. */
  public MultiLabelSoftMarginLoss withWeight(Tensor classWeight) {
    return new MultiLabelSoftMarginLoss(Optional.of(classWeight), reduction);
  }

  /** Returns the same loss reduced in another way. */
  public MultiLabelSoftMarginLoss withReduction(Reduction other) {
    return new MultiLabelSoftMarginLoss(weight, other);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return MarginLosses.multiLabelSoftMargin(output, target, weight, reduction);
  }
}
