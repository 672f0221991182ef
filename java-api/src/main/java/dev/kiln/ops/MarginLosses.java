package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.Tensor;
import java.util.Optional;
import java.util.function.BinaryOperator;

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
   * {@link #tripletMargin} with a distance of the caller's own.
   *
   * @param distance of two batches: one number for each pair, not negative
   * @param swap whether the negative's distance from the positive counts if it is smaller
   */
  public static Tensor tripletMarginWithDistance(
      Tensor anchor,
      Tensor positive,
      Tensor negative,
      BinaryOperator<Tensor> distance,
      double margin,
      boolean swap,
      Reduction reduction) {
    String op = "triplet_margin_with_distance_loss";
    Check.floating(op, "anchor", anchor);
    Tensor near = distance.apply(anchor, positive);
    Tensor far = distance.apply(anchor, negative);
    if (swap) {
      far = far.minimum(distance.apply(positive, negative));
    }
    return reduce(op, positivePart(near.sub(far).add(margin)), reduction);
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

  /**
   * {@code ln(1 + e^(-target x))}, without overflow.
   *
   * @param x scores
   * @param target 1 or -1, of x's shape
   */
  public static Tensor softMargin(Tensor x, Tensor target, Reduction reduction) {
    Check.floating("soft_margin_loss", "input", x);
    ShapeRules.same("soft_margin_loss", "input", x, "target", target);
    Tensor loss = Elementwise.logSigmoid(x.mul(target)).neg();
    return reduce("soft_margin_loss", loss, reduction);
  }

  /**
   * Binary cross-entropy of unnormalised scores, averaged over the classes.
   *
   * @param x scores, [..., classes]
   * @param target 0 or 1, of x's shape
   * @param weight of each class, broadcast to x, if there is one
   */
  public static Tensor multiLabelSoftMargin(
      Tensor x, Tensor target, Optional<Tensor> weight, Reduction reduction) {
    String op = "multilabel_soft_margin_loss";
    Check.floating(op, "input", x);
    ShapeRules.same(op, "input", x, "target", target);
    ShapeRules.require(
        x.dim() >= 1, () -> "[" + op + "] input " + x.describe() + " has no class axis");
    Tensor loss = Losses.bceWithLogits(x, target.to(x.dtype()), Optional.empty(), Reduction.NONE);
    Tensor weighted = weight.isPresent() ? loss.mul(weight.get()) : loss;
    return reduce(op, weighted.mean(-1), reduction);
  }

  /**
   * The sum over the wrong classes i of {@code max(0, margin - x[y] + x[i])^p}, divided by the
   * number of classes.
   *
   * @param x scores, [n, classes] or [classes]
   * @param target the right classes y, [n] or a scalar
   * @param p 1 or 2
   * @param margin how far the right class shall lead
   * @param weight of each right class, [classes], if there is one
   * @throws KilnException if p is neither 1 nor 2
   * @throws dev.kiln.IndexException if a target is no class
   */
  public static Tensor multiMargin(
      Tensor x, Tensor target, int p, double margin, Optional<Tensor> weight, Reduction reduction) {
    String op = "multi_margin_loss";
    Check.floating(op, "input", x);
    if (p != 1 && p != 2) {
      throw new KilnException("[" + op + "] p " + p + " must be 1 or 2");
    }
    boolean one = x.dim() == 1;
    ShapeRules.require(
        (one || x.dim() == 2)
            && x.size(-1) > 0
            && target.numel() == (one ? 1 : x.size(0))
            && target.dim() <= 1,
        () ->
            "["
                + op
                + "] input "
                + x.describe()
                + " and target "
                + target.describe()
                + " must be [n, classes] and [n], or [classes] and a scalar");
    Tensor scores = one ? x.unsqueeze(0) : x;
    Tensor right = Check.index(op, "target", target).reshape(-1, 1);
    Tensor behind = scores.sub(scores.gather(1, right)).add(margin).relu();
    Tensor costs = p == 1 ? behind : behind.square();
    if (weight.isPresent()) {
      ShapeRules.vector(op, "weight", weight.get(), x.size(-1), "class");
      costs = costs.mul(weight.get().gather(0, right.reshape(-1)).unsqueeze(1));
    }
    Tensor classes = Tensor.arange(x.size(-1), x.device());
    Tensor wrong = costs.where(classes.ne(right), Elementwise.constant(costs, 0));
    Tensor loss = wrong.mean(1);
    return reduce(op, one ? loss.squeeze(0) : loss, reduction);
  }

  /**
   * The sum over right classes j and wrong ones i of {@code max(0, 1 - x[j] + x[i])}, divided by
   * the number of classes.
   *
   * @param x scores, [n, classes] or [classes]
   * @param target right classes, of x's shape: those before the first negative number count
   * @throws dev.kiln.IndexException if a target is no class
   */
  public static Tensor multiLabelMargin(Tensor x, Tensor target, Reduction reduction) {
    String op = "multilabel_margin_loss";
    Check.floating(op, "input", x);
    ShapeRules.same(op, "input", x, "target", target);
    ShapeRules.require(
        x.dim() == 1 || x.dim() == 2,
        () -> "[" + op + "] input " + x.describe() + " must be [n, classes] or [classes]");
    Tensor scores = x.dim() == 1 ? x.unsqueeze(0) : x;
    Tensor labels = Check.index(op, "target", target).reshape(scores.shape().dims());
    Tensor counts = Scans.cumsum(labels.lt(0), 1).eq(0);
    Tensor right = labels.where(counts, Elementwise.constant(labels, 0));
    Tensor none = Tensor.zeros(scores.shape(), DType.INT64, x.device());
    Tensor wrong = Indexing.scatterAdd(none, 1, right, counts.to(DType.INT64)).eq(0);
    // [n, right class, wrong class]
    Tensor behind = scores.unsqueeze(1).sub(scores.gather(1, right).unsqueeze(2)).add(1).relu();
    Tensor pairs = Elementwise.logicalAnd(counts.unsqueeze(2), wrong.unsqueeze(1));
    Tensor loss =
        behind
            .where(pairs, Elementwise.constant(behind, 0))
            .sum(1, 2)
            .mul(1.0 / Math.max(1, x.size(-1)));
    return reduce(op, x.dim() == 1 ? loss.squeeze(0) : loss, reduction);
  }
}
