package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Reduction;

/**
 * {@code max(0, margin + |anchor - positive| - |anchor - negative|)} of an anchor, a positive and a
 * negative, with p-norms along the last axis. Balntas et al. 2016.
 *
 * @param margin how much farther the negative shall be
 * @param p the order of the norm
 * @param eps added to each difference
 * @param swap whether the negative's distance from the positive counts if it is smaller
 * @param reduction how single losses become one
 */
public record TripletMarginLoss(
    double margin, double p, double eps, boolean swap, Reduction reduction) implements TripleLoss {
  /** Takes PyTorch's defaults: margin 1, p 2, eps 1e-6, no swap, the mean. */
  public TripletMarginLoss() {
    this(1, 2, 1e-6, false, Reduction.MEAN);
  }

  /** Returns the same loss with another margin. */
  public TripletMarginLoss withMargin(double farther) {
    return new TripletMarginLoss(farther, p, eps, swap, reduction);
  }

  /** Returns the same loss with another norm. */
  public TripletMarginLoss withP(double order) {
    return new TripletMarginLoss(margin, order, eps, swap, reduction);
  }

  /** Returns the same loss with or without the swap. */
  public TripletMarginLoss withSwap(boolean wanted) {
    return new TripletMarginLoss(margin, p, eps, wanted, reduction);
  }

  /** Returns the same loss reduced in another way. */
  public TripletMarginLoss withReduction(Reduction other) {
    return new TripletMarginLoss(margin, p, eps, swap, other);
  }

  @Override
  public Tensor of(Tensor anchor, Tensor positive, Tensor negative) {
    return MarginLosses.tripletMargin(anchor, positive, negative, margin, p, eps, swap, reduction);
  }
}
