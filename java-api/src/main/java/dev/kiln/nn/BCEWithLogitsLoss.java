package dev.kiln.nn;

import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;
import java.util.Optional;

/**
 * Binary cross-entropy of unnormalised scores, without overflow.
 *
 * @param weight weight of each element, broadcast to the scores, if there is one
 * @param posWeight weight of positive targets, broadcast to the scores, if there is one
 * @param reduction how single losses become one; MEAN does not divide by weights
 */
public record BCEWithLogitsLoss(
    Optional<Tensor> weight, Optional<Tensor> posWeight, Reduction reduction) implements Loss {
  /** Takes no weights and the mean. */
  public BCEWithLogitsLoss() {
    this(Optional.empty(), Optional.empty(), Reduction.MEAN);
  }

  /** Keeps the weights out of scopes, since the loss outlives them. */
  public BCEWithLogitsLoss {
    weight.ifPresent(Scope::disown);
    posWeight.ifPresent(Scope::disown);
  }

  /** Returns the same loss with a weight for each element. */
  public BCEWithLogitsLoss withWeight(Tensor each) {
    return new BCEWithLogitsLoss(Optional.of(each), posWeight, reduction);
  }

  /** Returns the same loss with a weight of positive targets. */
  public BCEWithLogitsLoss withPosWeight(Tensor positive) {
    return new BCEWithLogitsLoss(weight, Optional.of(positive), reduction);
  }

  /** Returns the same loss, reduced in another way. */
  public BCEWithLogitsLoss withReduction(Reduction other) {
    return new BCEWithLogitsLoss(weight, posWeight, other);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return Losses.bceWithLogits(output, target, weight, posWeight, reduction);
  }
}
