package dev.kiln.ops;

import dev.kiln.DTypeException;
import dev.kiln.IndexException;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.CrossEntropySpec;
import dev.kiln.backend.FusedOps;
import java.util.Optional;

/** Loss functions, with PyTorch's formulas and reductions. */
public final class Losses {
  /** The label whose rows count nothing, unless another is named. */
  public static final long IGNORE_INDEX = -100;

  private static final int[] LAST = {-1};

  private Losses() {}

  static Tensor reduce(String op, Tensor loss, Reduction reduction) {
    return switch (reduction) {
      case NONE -> loss;
      case MEAN -> loss.mean();
      case SUM -> loss.sum();
      case BATCHMEAN ->
          throw new KilnException(
              "[" + op + "] reduction BATCHMEAN is for kl_div; use NONE, MEAN or SUM");
    };
  }

  private static void pair(String op, Tensor x, Tensor target) {
    Check.backend(op, x, target);
    Check.floating(op, "input", x);
    Check.floating(op, "target", target);
    ShapeRules.same(op, "input", x, "target", target);
  }

  /** Mean squared error: {@code (x - target)^2}. */
  public static Tensor mse(Tensor x, Tensor target, Reduction reduction) {
    pair("mse_loss", x, target);
    Tensor d = x.sub(target);
    if (d.dtype().bytes() > 2 && reduction == Reduction.MEAN) { // of 16 bits the sum may overflow
      return Reductions.sumSquares(d).div(d.numel());
    }
    return reduce("mse_loss", d.square(), reduction);
  }

  /** Mean absolute error: {@code |x - target|}. */
  public static Tensor l1(Tensor x, Tensor target, Reduction reduction) {
    pair("l1_loss", x, target);
    return reduce("l1_loss", x.sub(target).abs(), reduction);
  }

  /**
   * Huber's loss: {@code d^2 / 2} for distances up to delta, {@code delta * (d - delta / 2)}
   * beyond.
   *
   * @throws KilnException if delta is not above 0
   */
  public static Tensor huber(Tensor x, Tensor target, double delta, Reduction reduction) {
    pair("huber_loss", x, target);
    if (!(delta > 0)) {
      throw new KilnException("[huber_loss] delta " + delta + " must be above 0");
    }
    return reduce("huber_loss", huber(x.sub(target).abs(), delta), reduction);
  }

  private static Tensor huber(Tensor d, double delta) {
    Tensor near = d.clamp(0, delta);
    return near.mul(d.sub(near.mul(0.5)));
  }

  /**
   * Smooth L1: {@code d^2 / (2 beta)} for distances below beta, {@code d - beta / 2} beyond; plain
   * L1 for beta 0.
   *
   * @throws KilnException if beta is below 0
   */
  public static Tensor smoothL1(Tensor x, Tensor target, double beta, Reduction reduction) {
    pair("smooth_l1_loss", x, target);
    if (!(beta >= 0)) {
      throw new KilnException("[smooth_l1_loss] beta " + beta + " must be 0 or more");
    }
    Tensor d = x.sub(target).abs();
    return reduce("smooth_l1_loss", beta == 0 ? d : huber(d, beta).mul(1 / beta), reduction);
  }

  /**
   * Binary cross-entropy from unnormalised scores, without overflow.
   *
   * @param x scores
   * @param target probabilities, of x's shape
   * @param posWeight weight of positive targets, broadcast to x, if there is one
   */
  public static Tensor bceWithLogits(
      Tensor x, Tensor target, Optional<Tensor> posWeight, Reduction reduction) {
    return bceWithLogits(x, target, Optional.empty(), posWeight, reduction);
  }

  /**
   * Binary cross-entropy from unnormalised scores, without overflow.
   *
   * @param x scores
   * @param target probabilities, of x's shape
   * @param weight of each element, broadcast to x, if there is one; MEAN does not divide by it
   * @param posWeight weight of positive targets, broadcast to x, if there is one
   */
  public static Tensor bceWithLogits(
      Tensor x,
      Tensor target,
      Optional<Tensor> weight,
      Optional<Tensor> posWeight,
      Reduction reduction) {
    pair("bce_with_logits", x, target);
    Tensor logp = Elementwise.logSigmoid(x);
    // (1 - t) x - (1 + (w - 1) t) ln sigmoid(x)
    Tensor scaled =
        posWeight.isPresent() ? logp.mul(posWeight.get().sub(1).mul(target).add(1)) : logp;
    Tensor loss = x.mul(Elementwise.affine(target, -1, 1)).sub(scaled);
    return reduce("bce_with_logits", weight.isPresent() ? loss.mul(weight.get()) : loss, reduction);
  }

  /**
   * Binary cross-entropy of probabilities; their logarithms are held above -100 so that the loss
   * stays finite.
   *
   * @param x probabilities, 0 .. 1
   * @param target probabilities, of x's shape
   * @param weight of each element, broadcast to x, if there is one
   */
  public static Tensor bce(Tensor x, Tensor target, Optional<Tensor> weight, Reduction reduction) {
    pair("bce_loss", x, target);
    Tensor p = x.detach();
    Tensor t = target.detach();
    Tensor loss =
        NoGrad.run(
            () ->
                t.mul(logAbove(p))
                    .add(Elementwise.affine(t, -1, 1).mul(logAbove(Elementwise.affine(p, -1, 1))))
                    .neg());
    Tensor recorded =
        Autograd.record(
            "bce_loss",
            loss,
            Edge.of(
                x,
                dy -> {
                  Tensor slope = x.mul(Elementwise.affine(x, -1, 1));
                  return dy.mul(x.sub(target)).div(slope.clamp(1e-12, 1));
                }),
            Edge.of(target, dy -> dy.mul(logAbove(Elementwise.affine(x, -1, 1)).sub(logAbove(x)))));
    Tensor weighted = weight.isPresent() ? recorded.mul(weight.get()) : recorded;
    return reduce("bce_loss", weighted, reduction);
  }

  private static Tensor logAbove(Tensor p) {
    return p.log().clamp(-100, Double.POSITIVE_INFINITY);
  }

  /**
   * Negative log-likelihood of Poisson counts: {@code e^x - target x}, or {@code x - target ln(x +
   * eps)} for rates.
   *
   * @param x logarithms of rates, or rates
   * @param target counts, of x's shape
   * @param logInput whether x is in logarithms
   * @param full whether Stirling's approximation of {@code ln(target!)} is added above 1
   * @param eps added to rates before the logarithm
   */
  public static Tensor poissonNll(
      Tensor x, Tensor target, boolean logInput, boolean full, double eps, Reduction reduction) {
    pair("poisson_nll_loss", x, target);
    Tensor loss = logInput ? x.exp().sub(target.mul(x)) : x.sub(target.mul(x.add(eps).log()));
    if (full) {
      Tensor many = target.gt(1);
      Tensor safe = target.where(many, Elementwise.constant(target, 2));
      Tensor stirling = safe.mul(safe.log()).sub(safe).add(safe.mul(2 * Math.PI).log().mul(0.5));
      loss = loss.add(stirling.where(many, Elementwise.constant(target, 0)));
    }
    return reduce("poisson_nll_loss", loss, reduction);
  }

  /**
   * Kullback-Leibler divergence of log-probabilities from target probabilities: {@code t (ln t -
   * x)}.
   *
   * @param x log-probabilities
   * @param target probabilities, or their logarithms
   * @param logTarget whether target is in logarithms
   * @param reduction BATCHMEAN is the mathematical definition
   */
  public static Tensor klDiv(Tensor x, Tensor target, boolean logTarget, Reduction reduction) {
    pair("kl_div", x, target);
    Tensor loss;
    if (logTarget) {
      loss = target.exp().mul(target.sub(x));
    } else {
      Tensor positive = target.gt(0);
      Tensor safe = target.where(positive, Elementwise.constant(target, 1));
      Tensor entropy = target.mul(safe.log()); // 0 where the target is 0
      loss = entropy.sub(target.mul(x));
    }
    return reduction == Reduction.BATCHMEAN
        ? loss.sum().div(x.dim() == 0 ? 1 : x.size(0))
        : reduce("kl_div", loss, reduction);
  }

  /**
   * Negative log-likelihood: minus the log-probability of each row's label, times its class weight.
   *
   * @param x log-probabilities, [n, classes, ...] or [classes]
   * @param target labels, [n, ...] or a scalar
   * @param weight [classes], if there is one
   * @param ignoreIndex the label whose rows count nothing
   * @param reduction MEAN divides by the sum of the weights that counted
   * @throws IndexException if a label is neither a class nor the one to ignore
   */
  public static Tensor nll(
      Tensor x, Tensor target, Optional<Tensor> weight, long ignoreIndex, Reduction reduction) {
    if (Casts.raises(x)) {
      return nll(Casts.full(x), target, weight, ignoreIndex, reduction);
    }
    Check.floating("nll_loss", "input", x);
    Rows rows = Rows.of("nll_loss", x, target);
    Tensor labels = rows.labels();
    Tensor counted = NoGrad.run(() -> labels.ne(ignoreIndex));
    Tensor safe =
        NoGrad.run(() -> labels.where(counted, Elementwise.constant(labels, 0)).unsqueeze(1));
    Tensor logp;
    try {
      Tensor scores = rows.scores();
      logp =
          Indexing.pick(
                  scores,
                  1,
                  safe,
                  (out, in, at) ->
                      scores.device().backend().fused().pickLabels(out, in, at, ignoreIndex))
              .squeeze(1);
    } catch (IndexException e) {
      throw labelError("nll_loss", labels, x.size(classAxis(x)), ignoreIndex);
    }
    Tensor weights = weights("nll_loss", x, labels, counted, weight);
    // Not by the weight 0 alone, which would make NaN of an infinite score or of no rows at all.
    Tensor weighted = logp.mul(weights);
    Tensor loss = weighted.where(counted, Elementwise.constant(weighted, 0)).neg();
    return finish("nll_loss", loss, weights, rows, reduction);
  }

  private static IndexException labelError(
      String op, Tensor labels, long classes, long ignoreIndex) {
    long[] all = labels.toLongArray();
    int bad = 0;
    while (bad < all.length - 1
        && (all[bad] == ignoreIndex || (all[bad] >= 0 && all[bad] < classes))) {
      bad++;
    }
    return new IndexException(
        "["
            + op
            + "] target "
            + all[bad]
            + " at row "
            + bad
            + " is no class; valid are 0 to "
            + (classes - 1)
            + " (or ignore_index "
            + ignoreIndex
            + ")");
  }

  private static int classAxis(Tensor x) {
    return x.dim() == 1 ? 0 : 1;
  }

  /** Each row's weight: its class's, and 0 for ignored rows. */
  private static Tensor weights(
      String op, Tensor x, Tensor labels, Tensor counted, Optional<Tensor> weight) {
    return NoGrad.run(
        () -> {
          Tensor on = counted.to(x.dtype());
          if (weight.isEmpty()) {
            return on;
          }
          Tensor w = weight.get();
          ShapeRules.vector(op, "weight", w, x.size(classAxis(x)), "class");
          Tensor safe = labels.where(counted, Elementwise.constant(labels, 0));
          return on.mul(w.gather(0, safe));
        });
  }

  private static Tensor finish(
      String op, Tensor loss, Tensor weights, Rows rows, Reduction reduction) {
    return switch (reduction) {
      case NONE -> loss.reshape(rows.outer().dims());
      case SUM -> loss.sum();
      case MEAN -> loss.sum().div(NoGrad.run(() -> weights.sum()));
      case BATCHMEAN -> reduce(op, loss, reduction);
    };
  }

  /**
   * Cross-entropy of unnormalised scores against class labels.
   *
   * @param x scores, [n, classes, ...] or [classes]
   * @param target labels, [n, ...] or a scalar
   * @param weight [classes], if there is one
   * @param labelSmoothing the share of the target spread over all classes, 0 .. 1; Szegedy et al.
   *     2016
   * @param ignoreIndex the label whose rows count nothing
   * @param reduction MEAN divides by the sum of the weights that counted
   * @throws IndexException if a label is neither a class nor the one to ignore
   */
  public static Tensor crossEntropy(
      Tensor x,
      Tensor target,
      Optional<Tensor> weight,
      double labelSmoothing,
      long ignoreIndex,
      Reduction reduction) {
    if (Casts.raises(x)) {
      return crossEntropy(Casts.full(x), target, weight, labelSmoothing, ignoreIndex, reduction);
    }
    Check.floating("cross_entropy", "input", x);
    smoothing(labelSmoothing);
    Rows rows = Rows.of("cross_entropy", x, target);
    weight.ifPresent(
        w -> {
          ShapeRules.vector("cross_entropy", "weight", w, x.size(classAxis(x)), "class");
          Check.sameType("cross_entropy", "input", x, "weight", w);
          Check.backend("cross_entropy", x, w);
        });
    CrossEntropySpec spec = new CrossEntropySpec(labelSmoothing, ignoreIndex);
    Tensor scores = Check.dense("cross_entropy", "input", rows.scores());
    Tensor labels = rows.labels();
    Optional<Tensor> w = weight.map(t -> Check.dense("cross_entropy", "weight", t));
    FusedOps ops = x.device().backend().fused();
    Tensor loss = Tensor.empty(labels.shape(), x.dtype(), x.device());
    Tensor logProbs = Tensor.empty(scores.shape(), x.dtype(), x.device());
    ops.crossEntropy(
        loss.view(), logProbs.view(), scores.view(), labels.view(), w.map(Tensor::view), spec);
    Tensor recorded =
        Autograd.record(
            "cross_entropy",
            loss,
            Edge.of(
                rows.scores(),
                dy -> {
                  if (NoGrad.isRecording()) {
                    Tensor q = shares(labels, scores, w, spec);
                    Tensor p = Softmax.softmax(rows.scores(), 1);
                    return dy.unsqueeze(1).mul(p.mul(q.sum(LAST, true)).sub(q));
                  }
                  Tensor dx = Tensor.empty(scores.shape(), x.dtype(), x.device());
                  ops.crossEntropyGrad(
                      dx.view(),
                      Check.dense("cross_entropy", "dy", dy).view(),
                      logProbs.view("cross_entropy", "saved"),
                      labels.view("cross_entropy", "target"),
                      w.map(t -> t.view("cross_entropy", "weight")),
                      spec);
                  return dx;
                }));
    if (reduction != Reduction.MEAN) {
      return finish("cross_entropy", recorded, recorded, rows, reduction);
    }
    Tensor counted = NoGrad.run(() -> labels.ne(ignoreIndex));
    Tensor weights = weights("cross_entropy", x, labels, counted, weight);
    return finish("cross_entropy", recorded, weights, rows, reduction);
  }

  /**
   * What each row's loss asks of each class, {@code q_c w_c} with q the smoothed labels, as in
   * {@link FusedOps#crossEntropy}; 0 for ignored rows.
   */
  private static Tensor shares(
      Tensor labels, Tensor scores, Optional<Tensor> weight, CrossEntropySpec spec) {
    return NoGrad.run(
        () -> {
          int classes = Math.toIntExact(scores.size(1));
          Tensor counted = labels.ne(spec.ignoreIndex());
          Tensor safe = labels.where(counted, Elementwise.constant(labels, 0));
          Tensor hot = Shaping.oneHot(safe, classes).to(scores.dtype());
          double share = spec.labelSmoothing();
          Tensor q = Elementwise.affine(hot, 1 - share, share / classes);
          Tensor weighted = weight.isPresent() ? q.mul(weight.get()) : q;
          return weighted.where(counted.unsqueeze(1), Elementwise.constant(q, 0));
        });
  }

  /**
   * Cross-entropy of unnormalised scores against a distribution per row.
   *
   * @param x scores, [n, classes, ...] or [classes]
   * @param target probabilities, of x's shape
   * @param weight [classes], if there is one
   * @param labelSmoothing the share of the target spread over all classes, 0 .. 1
   * @param reduction MEAN divides by the number of rows
   */
  public static Tensor crossEntropyProbabilities(
      Tensor x,
      Tensor target,
      Optional<Tensor> weight,
      double labelSmoothing,
      Reduction reduction) {
    pair("cross_entropy", x, target);
    smoothing(labelSmoothing);
    int axis = classAxis(x);
    ShapeRules.require(
        x.dim() >= 1, () -> "[cross_entropy] input " + x.describe() + " must have a class axis");
    Tensor logp = x.logSoftmax(axis);
    if (weight.isPresent()) {
      ShapeRules.vector("cross_entropy", "weight", weight.get(), x.size(axis), "class");
      long[] dims = new long[x.dim()];
      java.util.Arrays.fill(dims, 1);
      dims[axis] = x.size(axis);
      logp = logp.mul(weight.get().reshape(dims));
    }
    Tensor q =
        labelSmoothing == 0
            ? target
            : Elementwise.affine(target, 1 - labelSmoothing, labelSmoothing / x.size(axis));
    Tensor loss = q.mul(logp).sum(axis).neg();
    return reduce("cross_entropy", loss, reduction);
  }

  private static void smoothing(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new KilnException(
          "[cross_entropy] label smoothing " + share + " must be between 0 and 1");
    }
  }

  /** Scores as [rows, classes], labels as [rows], and the shape the rows came in. */
  private record Rows(Tensor scores, Tensor labels, Shape outer) {
    static Rows of(String op, Tensor x, Tensor target) {
      Check.backend(op, x, target);
      if (!target.dtype().isIntegral()) {
        throw new DTypeException(
            "["
                + op
                + "] target "
                + target.describe()
                + " must be class labels (i64, i32 or u8)"
                + (op.equals("cross_entropy")
                    ? "; for distributions use crossEntropyProbabilities"
                    : "; convert it with to(DType.INT64)"));
      }
      ShapeRules.require(
          x.dim() >= 1, () -> "[" + op + "] input " + x.describe() + " must have a class axis");
      Shape outer = x.shape().without(classAxis(x));
      ShapeRules.require(
          target.shape().equals(outer),
          () ->
              "["
                  + op
                  + "] input "
                  + x.describe()
                  + " needs target labels of shape "
                  + outer
                  + " but got "
                  + target.describe());
      long classes = x.size(classAxis(x));
      ShapeRules.require(
          classes > 0, () -> "[" + op + "] input " + x.describe() + " has no classes");
      Tensor labels = NoGrad.run(() -> Check.index(op, "target", target).reshape(outer.numel()));
      Tensor last = x.dim() > 2 ? moveClassesLast(x) : x;
      return new Rows(last.reshape(outer.numel(), classes), labels, outer);
    }

    private static Tensor moveClassesLast(Tensor x) {
      int[] axes = new int[x.dim()];
      for (int i = 1; i < axes.length - 1; i++) {
        axes[i] = i + 1;
      }
      axes[axes.length - 1] = 1;
      return x.permute(axes);
    }
  }
}
