package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Generator;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.Dist;

/** Ops that draw random numbers. */
public final class RandomOps {
  private RandomOps() {}

  /**
   * Sets each element to 0 with a probability and scales the others up so that the mean stays.
   * Srivastava et al. 2014.
   *
   * @param x the input
   * @param p the probability of 0, 0 .. 1
   * @param generator where the mask is drawn from
   * @return of x's shape
   * @throws ShapeException if p is outside 0 .. 1
   */
  public static Tensor dropout(Tensor x, double p, Generator generator) {
    probability("dropout", p);
    Check.floating("dropout", "input", x);
    if (p == 0) {
      return x;
    }
    Tensor mask = Tensor.empty(x.shape(), x.dtype(), x.device());
    generator.fill(mask, Dist.BERNOULLI, 1 - p, p == 1 ? 0 : 1 / (1 - p));
    Tensor y = Elementwise.mul(x.detach(), mask);
    return Autograd.record("dropout", y, Edge.of(x, dy -> Elementwise.mul(dy, mask)));
  }

  /**
   * Draws 1 with a probability, else 0.
   *
   * @param like gives shape, type and device
   * @param p the probability of 1
   * @return a mask of like's shape
   */
  public static Tensor bernoulli(Tensor like, double p) {
    probability("bernoulli", p);
    DType dtype = like.dtype().isFloating() ? like.dtype() : DType.FLOAT32;
    Tensor mask = Tensor.empty(like.shape(), dtype, like.device());
    return like.device().generator().fill(mask, Dist.BERNOULLI, p, 1);
  }

  /**
   * As {@link #dropout}, but a whole channel at a time. Tompson et al. 2015.
   *
   * @param x [n, channels, ...]
   * @param p the probability of 0, 0 .. 1
   * @param generator where the mask is drawn from
   * @return of x's shape
   * @throws ShapeException if x has no channels or p is outside 0 .. 1
   */
  public static Tensor featureDropout(Tensor x, double p, Generator generator) {
    probability("feature_dropout", p);
    Check.floating("feature_dropout", "input", x);
    channels("feature_dropout", x);
    return p == 0 ? x : x.mul(mask(x, true, p, p == 1 ? 0 : 1 / (1 - p), generator));
  }

  /**
   * Sets elements to SELU's lowest value with a probability, then scales and shifts all so that
   * mean 0 and variance 1 stay. Klambauer et al. 2017.
   *
   * @param x the input
   * @param p the probability, 0 .. 1
   * @param generator where the mask is drawn from
   * @return of x's shape
   * @throws ShapeException if p is outside 0 .. 1
   */
  public static Tensor alphaDropout(Tensor x, double p, Generator generator) {
    probability("alpha_dropout", p);
    Check.floating("alpha_dropout", "input", x);
    return alpha(x, false, p, generator);
  }

  /**
   * As {@link #alphaDropout}, but a whole channel at a time.
   *
   * @param x [n, channels, ...]
   * @param p the probability, 0 .. 1
   * @param generator where the mask is drawn from
   * @return of x's shape
   * @throws ShapeException if x has no channels or p is outside 0 .. 1
   */
  public static Tensor featureAlphaDropout(Tensor x, double p, Generator generator) {
    probability("feature_alpha_dropout", p);
    Check.floating("feature_alpha_dropout", "input", x);
    channels("feature_alpha_dropout", x);
    return alpha(x, true, p, generator);
  }

  /** SELU's scale times its alpha: how far below 0 it goes. */
  private static final double SELU_DEPTH = 1.7580993408473766;

  private static Tensor alpha(Tensor x, boolean channels, double p, Generator generator) {
    if (p == 0) {
      return x;
    }
    if (p == 1) {
      return x.mul(0);
    }
    double a = 1 / Math.sqrt((SELU_DEPTH * SELU_DEPTH * p + 1) * (1 - p));
    Tensor kept = mask(x, channels, p, 1, generator);
    // Kept: a x + a depth p. Dropped: -a depth + a depth p.
    Tensor shift = Elementwise.affine(kept, a * SELU_DEPTH, a * SELU_DEPTH * (p - 1));
    return x.mul(kept.mul(a)).add(shift);
  }

  /**
   * Multiplies elements of 0 and less by slopes drawn one by one. Xu et al. 2015.
   *
   * @param x the input
   * @param lower the lowest slope; PyTorch's default is 1/8
   * @param upper the highest slope; PyTorch's default is 1/3
   * @param generator where the slopes are drawn from
   * @return of x's shape
   * @throws ShapeException if lower is above upper
   */
  public static Tensor rrelu(Tensor x, double lower, double upper, Generator generator) {
    Check.floating("rrelu", "input", x);
    ShapeRules.require(
        lower <= upper, () -> "[rrelu] lower " + lower + " must not be above upper " + upper);
    // Drawn as FLOAT32, so that inputs of every type meet the same slopes.
    Tensor drawn = Tensor.empty(x.shape(), DType.FLOAT32, x.device());
    Tensor slope = generator.fill(drawn, Dist.UNIFORM, lower, upper).to(x.dtype());
    Tensor falls = x.detach().le(Elementwise.constant(x, 0));
    return Elementwise.where(falls, x.mul(slope), x);
  }

  /** Draws a value with probability 1 - p, else 0, for each element or each channel. */
  private static Tensor mask(
      Tensor x, boolean channels, double p, double value, Generator generator) {
    Shape shape = x.shape();
    for (int i = 2; channels && i < x.dim(); i++) {
      shape = shape.with(i, 1);
    }
    return generator.fill(Tensor.empty(shape, x.dtype(), x.device()), Dist.BERNOULLI, 1 - p, value);
  }

  private static void channels(String op, Tensor x) {
    ShapeRules.require(
        x.dim() >= 2, () -> "[" + op + "] input " + x.describe() + " must be [n, channels, ...]");
  }

  private static void probability(String op, double p) {
    if (!(p >= 0 && p <= 1)) {
      throw new ShapeException("[" + op + "] probability " + p + " must be between 0 and 1");
    }
  }
}
