package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Norms;
import dev.kiln.ops.Reduction;
import java.util.function.BinaryOperator;

/**
 * {@code max(0, margin + distance(anchor, positive) - distance(anchor, negative))} of an anchor, a
 * positive and a negative. Balntas et al. 2016.
 *
 * @param distance of two batches: one number for each pair, not negative
 * @param margin how much farther the negative shall be
 * @param swap whether the negative's distance from the positive counts if it is smaller
 * @param reduction how single losses become one
 */
public record TripletMarginWithDistanceLoss(
    BinaryOperator<Tensor> distance, double margin, boolean swap, Reduction reduction)
    implements TripleLoss {
  /** Takes PyTorch's defaults: the Euclidean distance, margin 1, no swap, the mean. */
  public TripletMarginWithDistanceLoss() {
    this((a, b) -> Norms.pairwiseDistance(a, b, 2, 1e-6), 1, false, Reduction.MEAN);
  }

  /** Returns the same loss with another distance. */
  public TripletMarginWithDistanceLoss withDistance(BinaryOperator<Tensor> other) {
    return new TripletMarginWithDistanceLoss(other, margin, swap, reduction);
  }

  /** Returns the same loss with another margin. */
  public TripletMarginWithDistanceLoss withMargin(double farther) {
    return new TripletMarginWithDistanceLoss(distance, farther, swap, reduction);
  }

  /** Returns the same loss with or without the swap. */
  public TripletMarginWithDistanceLoss withSwap(boolean wanted) {
    return new TripletMarginWithDistanceLoss(distance, margin, wanted, reduction);
  }

  /** Returns the same loss reduced in another way. */
  public TripletMarginWithDistanceLoss withReduction(Reduction other) {
    return new TripletMarginWithDistanceLoss(distance, margin, swap, other);
  }

  @Override
  public Tensor of(Tensor anchor, Tensor positive, Tensor negative) {
    return MarginLosses.tripletMarginWithDistance(
        anchor, positive, negative, distance, margin, swap, reduction);
  }
}
