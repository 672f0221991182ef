package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.MathOp;
import java.util.OptionalDouble;

/**
 * Logarithms to other bases, the relatives of the error function and of the gamma function, and
 * what is made of logarithms. Integers and BOOL become FLOAT32.
 */
public final class SpecialFunctions {
  private static final double LN2 = 0.693147180559945309417;
  private static final double LN10 = 2.30258509299404568402;
  private static final double TWO_OVER_SQRT_PI = 1.12837916709551257390;

  private SpecialFunctions() {}

  /** 2 to the power of x. */
  public static Tensor exp2(Tensor x) {
    return MathFunctions.of("exp2", MathOp.EXP2, x, (dy, in, y) -> dy.mul(y).mul(LN2));
  }

  /** The logarithm to base 2; NaN below 0. */
  public static Tensor log2(Tensor x) {
    return MathFunctions.of("log2", MathOp.LOG2, x, (dy, in, y) -> dy.div(in.mul(LN2)));
  }

  /** The logarithm to base 10; NaN below 0. */
  public static Tensor log10(Tensor x) {
    return MathFunctions.of("log10", MathOp.LOG10, x, (dy, in, y) -> dy.div(in.mul(LN10)));
  }

  /** {@code 1 - erf(x)}, exact where erf is close to 1. */
  public static Tensor erfc(Tensor x) {
    return MathFunctions.of(
        "erfc",
        MathOp.ERFC,
        x,
        (dy, in, y) -> dy.mul(in.square().neg().exp()).mul(-TWO_OVER_SQRT_PI));
  }

  /** The inverse of erf; NaN outside -1 .. 1. */
  public static Tensor erfinv(Tensor x) {
    return MathFunctions.of(
        "erfinv",
        MathOp.ERFINV,
        x,
        (dy, in, y) -> dy.mul(erfinv(in).square().exp()).mul(1 / TWO_OVER_SQRT_PI));
  }

  /** {@code ln |Gamma(x)|}; infinite at 0 and negative integers. */
  public static Tensor lgamma(Tensor x) {
    return MathFunctions.of("lgamma", MathOp.LGAMMA, x, (dy, in, y) -> dy.mul(digamma(in)));
  }

  /** The derivative of lgamma. */
  public static Tensor digamma(Tensor x) {
    return MathFunctions.of("digamma", MathOp.DIGAMMA, x, (dy, in, y) -> dy.mul(polygamma(1, in)));
  }

  /**
   * The n-th derivative of digamma.
   *
   * @param n the order, 0 or more
   * @param x where
   */
  public static Tensor polygamma(int n, Tensor x) {
    ShapeRules.require(n >= 0, () -> "[polygamma] order " + n + " must be 0 or more");
    return n == 0
        ? digamma(x)
        : MathFunctions.of(
            "polygamma", MathOp.POLYGAMMA, x, n, (dy, in, y) -> dy.mul(polygamma(n + 1, in)));
  }

  /**
   * {@code ln(x / (1 - x))}, the inverse of sigmoid. Beyond 0 .. 1 it is NaN, and so is its
   * gradient; with an eps the gradient beyond the limits is 0.
   *
   * @param x probabilities
   * @param eps x is limited to eps .. 1 - eps first, if there is one
   */
  public static Tensor logit(Tensor x, OptionalDouble eps) {
    Tensor p = Elementwise.floating("logit", x);
    double low = eps.orElse(0);
    double beyond = eps.isPresent() ? 0 : Double.NaN;
    Tensor fixed = p.detach();
    Tensor in = eps.isPresent() ? fixed.clamp(low, 1 - low) : fixed;
    return Autograd.record(
        "logit",
        in.div(Elementwise.affine(in, -1, 1)).log(),
        Edge.of(
            p,
            dy -> {
              Tensor slope = dy.div(p.mul(Elementwise.affine(p, -1, 1)));
              Tensor outside = Elementwise.logicalOr(p.lt(low), p.gt(1 - low));
              return Elementwise.where(outside, beyond, slope);
            }));
  }

  /**
   * {@code x ln(y)}, which is 0 where x is 0 even if ln(y) is infinite; so it is in the gradient of
   * x, where the upstream one takes x's place. At x = 0 and y of 0 or less that gradient is 0.
   *
   * @param x broadcast with y
   * @param y broadcast with x
   */
  public static Tensor xlogy(Tensor x, Tensor y) {
    DType dtype = floating(x, y);
    Tensor a = Elementwise.as("xlogy", x, dtype);
    Tensor b = Elementwise.as("xlogy", y, dtype);
    Tensor product = Elementwise.mul(a.detach(), b.detach().log());
    Tensor r = zeroUnless(product, a, Elementwise.ne(b, b));
    return Autograd.record(
        "xlogy",
        r,
        Edge.of(a, dy -> zeroUnless(xlogy(dy, safe(a, b)), a, Elementwise.eq(b.le(0), 0))),
        Edge.of(b, dy -> dy.mul(a.div(b))));
  }

  /** The type of both together, so that an integer is not rounded to FLOAT32 beside a FLOAT64. */
  private static DType floating(Tensor a, Tensor b) {
    DType both = Elementwise.common(a, b);
    return both.isFloating() ? both : DType.FLOAT32;
  }

  /** The values, but 0 where x is 0 and the exception does not hold. */
  private static Tensor zeroUnless(Tensor values, Tensor x, Tensor exception) {
    Tensor none = Elementwise.logicalAnd(x.eq(0), Elementwise.eq(exception, 0));
    return Elementwise.where(none, 0, values);
  }

  /** b, or 1 where its logarithm is not taken, so that the next gradient stays finite. */
  private static Tensor safe(Tensor a, Tensor b) {
    return Elementwise.where(Elementwise.logicalAnd(a.eq(0), b.le(0)), 1, b);
  }

  /**
   * {@code ln(e^a + e^b)} without overflow.
   *
   * @param a broadcast with b
   * @param b broadcast with a
   */
  public static Tensor logaddexp(Tensor a, Tensor b) {
    DType dtype = floating(a, b);
    Tensor p = Elementwise.as("logaddexp", a, dtype);
    Tensor q = Elementwise.as("logaddexp", b, dtype);
    Tensor x = p.detach();
    Tensor z = q.detach();
    Tensor apart = Elementwise.where(Elementwise.eq(x, z), 0, x.sub(z).abs().neg());
    Tensor y = x.maximum(z).add(Elementwise.log1p(apart.exp()));
    return Autograd.record(
        "logaddexp",
        y,
        Edge.of(p, dy -> dy.mul(p.sub(q).sigmoid())),
        Edge.of(q, dy -> dy.mul(q.sub(p).sigmoid())));
  }
}
