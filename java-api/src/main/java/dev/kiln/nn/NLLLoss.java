package dev.kiln.nn;

import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;
import java.util.Optional;

/**
 * Negative log-likelihood of labels under log-probabilities [n, classes, ...].
 *
 * @param weight weight of each class, [classes], if there is one
 * @param ignoreIndex the label whose rows count nothing
 * @param reduction MEAN divides by the sum of the weights that counted
 */
public record NLLLoss(Optional<Tensor> weight, long ignoreIndex, Reduction reduction)
    implements Loss {
  /** Takes PyTorch's defaults: no weight, label -100 ignored, the mean. */
  public NLLLoss() {
    this(Optional.empty(), Losses.IGNORE_INDEX, Reduction.MEAN);
  }

  /** Keeps the weight out of scopes, since the loss outlives them. */
  public NLLLoss {
    weight.ifPresent(Scope::disown);
  }

  /** Returns the same loss with a weight for each class. */
  public NLLLoss withWeight(Tensor classWeight) {
    return new NLLLoss(Optional.of(classWeight), ignoreIndex, reduction);
  }

  /** Returns the same loss, ignoring rows of another label. */
  public NLLLoss withIgnoreIndex(long label) {
    return new NLLLoss(weight, label, reduction);
  }

  /** Returns the same loss, reduced in another way. */
  public NLLLoss withReduction(Reduction other) {
    return new NLLLoss(weight, ignoreIndex, other);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return Losses.nll(output, target, weight, ignoreIndex, reduction);
  }
}
