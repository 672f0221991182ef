package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;
import java.util.Optional;

/**
 * Cross-entropy of unnormalised scores [n, classes, ...].
 *
 * <p>The target's type chooses its meaning: integers are labels [n, ...], floats are a distribution
 * over the classes, of the scores' shape.
 *
 * @param weight weight of each class, [classes], if there is one
 * @param labelSmoothing the share of the target spread over all classes, 0 .. 1; Szegedy et al.
 *     2016
 * @param ignoreIndex the label whose rows count nothing; without effect on distributions
 * @param reduction MEAN divides by the weights that counted, or by the rows of distributions
 */
public record CrossEntropyLoss(
    Optional<Tensor> weight, double labelSmoothing, long ignoreIndex, Reduction reduction)
    implements Loss {
  /** Takes PyTorch's defaults: no weight, no smoothing, label -100 ignored, the mean. */
  public CrossEntropyLoss() {
    this(Optional.empty(), 0, Losses.IGNORE_INDEX, Reduction.MEAN);
  }

  /** Keeps the weight out of scopes, since the loss outlives them. */
  public CrossEntropyLoss {
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new KilnException(
          "[cross_entropy] label smoothing " + labelSmoothing + " must be between 0 and 1");
    }
    weight.ifPresent(Scope::disown);
  }

  /** Returns the same loss with a weight for each class. */
  public CrossEntropyLoss withWeight(Tensor classWeight) {
    return new CrossEntropyLoss(Optional.of(classWeight), labelSmoothing, ignoreIndex, reduction);
  }

  /** Returns the same loss with a share of each target spread over all classes. */
  public CrossEntropyLoss withLabelSmoothing(double share) {
    return new CrossEntropyLoss(weight, share, ignoreIndex, reduction);
  }

  /** Returns the same loss, ignoring rows of another label. */
  public CrossEntropyLoss withIgnoreIndex(long label) {
    return new CrossEntropyLoss(weight, labelSmoothing, label, reduction);
  }

  /** Returns the same loss, reduced in another way. */
  public CrossEntropyLoss withReduction(Reduction other) {
    return new CrossEntropyLoss(weight, labelSmoothing, ignoreIndex, other);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return target.dtype().isFloating()
        ? Losses.crossEntropyProbabilities(output, target, weight, labelSmoothing, reduction)
        : Losses.crossEntropy(output, target, weight, labelSmoothing, ignoreIndex, reduction);
  }
}
