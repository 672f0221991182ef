package dev.kiln.nn;

import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;
import java.util.Optional;

/**
 * Binary cross-entropy of unnormalised scores, without overflow.
 *
 * @param posWeight weight of positive targets, broadcast to the scores, if there is one
 * @param reduction how single losses become one
 */
public record BCEWithLogitsLoss(Optional<Tensor> posWeight, Reduction reduction) implements Loss {
  /** Takes no weight and the mean. */
  public BCEWithLogitsLoss() {
    this(Optional.empty(), Reduction.MEAN);
  }

  /** Keeps the weight out of scopes, since the loss outlives them. */
  public BCEWithLogitsLoss {
    posWeight.ifPresent(Scope::disown);
  }

  /** Returns the same loss with a weight of positive targets. */
  public BCEWithLogitsLoss withPosWeight(Tensor weight) {
    return new BCEWithLogitsLoss(Optional.of(weight), reduction);
  }

  /** Returns the same loss, reduced in another way. */
  public BCEWithLogitsLoss withReduction(Reduction other) {
    return new BCEWithLogitsLoss(posWeight, other);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return Losses.bceWithLogits(output, target, posWeight, reduction);
  }
}
