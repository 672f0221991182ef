package dev.kiln.ops;

import dev.kiln.KilnException;
import dev.kiln.Tensor;

/** Losses that ask for a margin between scores or vectors, with PyTorch's formulas. */
public final class MarginLosses {
  private MarginLosses() {}

  private static Tensor reduce(String op, Tensor loss, Reduction reduction) {
    return Losses.reduce(op, loss, reduction);
  }

  private static Tensor positivePart(Tensor x) {
    return x.clamp(0, Double.POSITIVE_INFINITY);
  }

  private static Tensor only(Tensor target, double label, Tensor x) {
    return x.where(target.eq(label), Elementwise.constant(x, 0));
  }

  /** x where the target is 1, {@code max(0, margin - x)} where it is -1. */
  public static Tensor hingeEmbedding(Tensor x, Tensor target, double margin, Reduction reduction) {
    Check.floating("hinge_embedding_loss", "input", x);
    Tensor zero = Elementwise.constant(x, 0);
    Tensor apart = positivePart(Elementwise.affine(x, -1, margin));
    Tensor loss = apart.where(target.ne(1), zero).add(x.where(target.ne(-1), zero));
    return reduce("hinge_embedding_loss", loss, reduction);
  }

  /** {@code max(0, margin - target * (x1 - x2))}; a target of 1 wants x1 to rank higher. */
  public static Tensor marginRanking(
      Tensor x1, Tensor x2, Tensor target, double margin, Reduction reduction) {
    Check.floating("margin_ranking_loss", "input1", x1);
    Tensor loss = positivePart(target.mul(x2.sub(x1)).add(margin));
    return reduce("margin_ranking_loss", loss, reduction);
  }

  /**
   * {@code max(0, margin + |anchor - positive| - |anchor - negative|)} with p-norms along the last
   * axis. Balntas et al. 2016.
   *
   * @param eps added to each difference
   * @param swap whether the negative's distance from the positive counts if it is smaller
   */
  public static Tensor tripletMargin(
      Tensor anchor,
      Tensor positive,
      Tensor negative,
      double margin,
      double p,
      double eps,
      boolean swap,
      Reduction reduction) {
    Check.floating("triplet_margin_loss", "anchor", anchor);
    Tensor near = Norms.pairwiseDistance(anchor, positive, p, eps);
    Tensor far = Norms.pairwiseDistance(anchor, negative, p, eps);
    if (swap) {
      far = far.minimum(Norms.pairwiseDistance(positive, negative, p, eps));
    }
    return reduce("triplet_margin_loss", positivePart(near.sub(far).add(margin)), reduction);
  }

  /**
   * {@code 1 - cos} where the target is 1, {@code max(0, cos - margin)} where it is -1.
   *
   * @param x1 [n, features] or [features]
   * @param x2 of x1's shape
   * @param target [n] or a scalar
   */
  public static Tensor cosineEmbedding(
      Tensor x1, Tensor x2, Tensor target, double margin, Reduction reduction) {
    String op = "cosine_embedding_loss";
    Check.floating(op, "input1", x1);
    ShapeRules.same(op, "input1", x1, "input2", x2);
    if (x1.dim() != 1 && x1.dim() != 2 || target.dim() != x1.dim() - 1) {
      throw new KilnException(
          "["
              + op
              + "] inputs "
              + x1.describe()
              + " and target "
              + target.describe()
              + " must be [n, features] and [n], or [features] and a scalar");
    }
    int axis = x1.dim() - 1;
    double eps = 1e-12;
    Tensor squares = x1.square().sum(axis).add(eps).mul(x2.square().sum(axis).add(eps));
    Tensor cos = x1.mul(x2).sum(axis).div(squares.sqrt());
    Tensor together = only(target, 1, Elementwise.affine(cos, -1, 1));
    Tensor apart = only(target, -1, positivePart(cos.add(-margin)));
    return reduce(op, together.add(apart), reduction);
  }
}
