package dev.kiln.nn;

import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;
import java.util.Optional;

/**
 * Binary cross-entropy of probabilities; their logarithms are held above -100.
 *
 * @param weight weight of each element, broadcast to the output, if there is one
 * @param reduction how single losses become one
 */
public record BCELoss(Optional<Tensor> weight, Reduction reduction) implements Loss {
  /** Takes no weight and the mean. */
  public BCELoss() {
    this(Optional.empty(), Reduction.MEAN);
  }

  /** Keeps the weight out of scopes, since the loss outlives them. */
  public BCELoss {
    weight.ifPresent(Scope::disown);
  }

  /** Returns the same loss with a weight for each element. */
  public BCELoss withWeight(Tensor each) {
    return new BCELoss(Optional.of(each), reduction);
  }

  /** Returns the same loss reduced in another way. */
  public BCELoss withReduction(Reduction other) {
    return new BCELoss(weight, other);
  }

  @Override
  public Tensor of(Tensor output, Tensor target) {
    return Losses.bce(output, target, weight, reduction);
  }
}
