package dev.kiln.cpu;

import static java.lang.StrictMath.exp;
import static java.lang.StrictMath.expm1;
import static java.lang.StrictMath.log1p;
import static java.lang.StrictMath.tanh;

import dev.kiln.backend.UnaryOp;
import dev.kiln.cpu.kernels.Powers;
import java.util.EnumMap;
import java.util.Map;

/**
 * One function of {@link UnaryOp} in double precision with its gradient, and PyTorch's answers at
 * kinks and special values.
 *
 * @param forward y from x
 * @param gradient dx from dy and what the op saves (x or y)
 */
record UnaryFunction(Forward forward, Gradient gradient) {
  /** y = f(x; a, b). */
  @FunctionalInterface
  interface Forward {
    double at(double x, double a, double b);
  }

  /** dx = dy f'(x; a, b), from x or y, whichever the op saves. */
  @FunctionalInterface
  interface Gradient {
    double at(double dy, double saved, double a, double b);
  }

  private static final double SELU_ALPHA = 1.6732632423543772848170429916717;
  private static final double SELU_SCALE = 1.0507009873554804934193349852946;
  private static final double TWO_OVER_SQRT_PI = 1.12837916709551257390;

  private static final Map<UnaryOp, UnaryFunction> TABLE = new EnumMap<>(UnaryOp.class);

  static {
    row(UnaryOp.ABS, (x, a, b) -> Math.abs(x), (g, x, a, b) -> g * sign(x));
    row(UnaryOp.NEG, (x, a, b) -> -x, (g, s, a, b) -> -g);
    row(UnaryOp.SIGN, (x, a, b) -> sign(x), (g, s, a, b) -> 0);
    row(UnaryOp.FLOOR, (x, a, b) -> Math.floor(x), (g, s, a, b) -> 0);
    row(UnaryOp.CEIL, (x, a, b) -> Math.ceil(x), (g, s, a, b) -> 0);
    row(UnaryOp.ROUND, (x, a, b) -> Math.rint(x), (g, s, a, b) -> 0);
    row(UnaryOp.SQUARE, (x, a, b) -> x * x, (g, x, a, b) -> g * 2 * x);
    row(UnaryOp.SQRT, (x, a, b) -> Math.sqrt(x), (g, y, a, b) -> g / (2 * y));
    row(UnaryOp.RSQRT, (x, a, b) -> 1 / Math.sqrt(x), (g, y, a, b) -> -0.5 * g * y * y * y);
    row(UnaryOp.RECIPROCAL, (x, a, b) -> 1 / x, (g, y, a, b) -> -g * y * y);
    row(UnaryOp.EXP, (x, a, b) -> exp(x), (g, y, a, b) -> g * y);
    row(UnaryOp.EXPM1, (x, a, b) -> expm1(x), (g, y, a, b) -> g * (y + 1));
    row(UnaryOp.LOG, (x, a, b) -> StrictMath.log(x), (g, x, a, b) -> g / x);
    row(UnaryOp.LOG1P, (x, a, b) -> log1p(x), (g, x, a, b) -> g / (1 + x));
    row(UnaryOp.SIN, (x, a, b) -> StrictMath.sin(x), (g, x, a, b) -> g * StrictMath.cos(x));
    row(UnaryOp.COS, (x, a, b) -> StrictMath.cos(x), (g, x, a, b) -> -g * StrictMath.sin(x));
    row(
        UnaryOp.ERF,
        (x, a, b) -> Erf.erf(x),
        (g, x, a, b) -> g * TWO_OVER_SQRT_PI * Erf.gaussian(x));
    row(UnaryOp.AFFINE, (x, a, b) -> a * x + b, (g, s, a, b) -> g * a);
    row(
        UnaryOp.POW,
        (x, a, b) -> Powers.pow(x, a),
        (g, x, a, b) -> a == 0 ? 0 : g * a * Powers.pow(x, a - 1));
    row(UnaryOp.CLAMP, UnaryFunction::clamp, (g, x, a, b) -> x >= a && x <= b ? g : 0);
    row(UnaryOp.RELU, (x, a, b) -> Math.max(x, 0), (g, y, a, b) -> y <= 0 ? 0 : g);
    row(UnaryOp.LEAKY_RELU, (x, a, b) -> x > 0 ? x : a * x, (g, x, a, b) -> x > 0 ? g : g * a);
    row(
        UnaryOp.ELU,
        (x, a, b) -> x <= 0 ? a * expm1(x) : x,
        (g, x, a, b) -> x > 0 ? g : g * a * exp(x));
    row(
        UnaryOp.CELU,
        (x, a, b) -> x <= 0 ? a * expm1(x / a) : x,
        (g, x, a, b) -> x > 0 ? g : g * expOfQuotient(x, a));
    row(
        UnaryOp.SELU,
        (x, a, b) -> SELU_SCALE * (x <= 0 ? SELU_ALPHA * expm1(x) : x),
        (g, x, a, b) -> g * SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * exp(x)));
    row(UnaryOp.GELU, (x, a, b) -> Gelu.exact(x), (g, x, a, b) -> g * Gelu.exactSlope(x));
    row(UnaryOp.GELU_TANH, (x, a, b) -> Gelu.byTanh(x), (g, x, a, b) -> g * Gelu.byTanhSlope(x));
    row(UnaryOp.SILU, (x, a, b) -> silu(x), (g, x, a, b) -> g * siluSlope(x));
    row(UnaryOp.MISH, (x, a, b) -> mish(x), (g, x, a, b) -> g * mishSlope(x));
    row(UnaryOp.SIGMOID, (x, a, b) -> sigmoid(x), (g, y, a, b) -> g * (1 - y) * y);
    row(UnaryOp.LOG_SIGMOID, (x, a, b) -> -softplus(-x), (g, x, a, b) -> g * sigmoid(-x));
    row(UnaryOp.TANH, (x, a, b) -> tanh(x), (g, y, a, b) -> g * ((1 - y) * (1 + y)));
    row(
        UnaryOp.SOFTPLUS,
        (x, a, b) -> a * x > b ? x : softplus(a * x, low(a, x)) / a,
        (g, x, a, b) -> a * x > b ? g : g * sigmoid(a * x, low(a, x)));
    row(
        UnaryOp.SOFTSIGN,
        (x, a, b) -> x / (1 + Math.abs(x)),
        (g, x, a, b) -> g / (1 + Math.abs(x)) / (1 + Math.abs(x)));
    row(UnaryOp.HARDTANH, UnaryFunction::clamp, (g, x, a, b) -> x <= a || x >= b ? 0 : g);
    row(
        UnaryOp.HARDSIGMOID,
        (x, a, b) -> clamp(x + 3, 0, 6) / 6,
        (g, x, a, b) -> x > -3 && x < 3 ? g / 6 : 0);
    row(
        UnaryOp.HARDSWISH,
        (x, a, b) -> x * (clamp(x + 3, 0, 6) / 6),
        (g, x, a, b) -> x <= -3 ? 0 : x >= 3 ? g : g * (x / 3 + 0.5));
  }

  private static void row(UnaryOp op, Forward forward, Gradient gradient) {
    TABLE.put(op, new UnaryFunction(forward, gradient));
  }

  /** The function of an op. */
  static UnaryFunction of(UnaryOp op) {
    return TABLE.get(op);
  }

  /** -1, 0 or 1; 0 for NaN. */
  private static double sign(double x) {
    return x > 0 ? 1 : x < 0 ? -1 : 0;
  }

  private static double clamp(double x, double low, double high) {
    return Math.min(Math.max(x, low), high);
  }

  /** 1 / (1 + e^-x), with small results exact. */
  static double sigmoid(double x) {
    return sigmoid(x, 0);
  }

  /** The same of {@code x + low}, where low is the rounding error of x. */
  private static double sigmoid(double x, double low) {
    double e = exp(-Math.abs(x));
    e += e * (x > 0 ? -low : low);
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
  }

  /** ln(1 + e^x) without overflow. */
  static double softplus(double x) {
    return softplus(x, 0);
  }

  private static double softplus(double x, double low) {
    double e = exp(-Math.abs(x));
    e += e * (x > 0 ? -low : low);
    return Math.max(x, 0) + log1p(e);
  }

  /** What the product a x loses by rounding; e^ would magnify it. */
  private static double low(double a, double x) {
    double product = a * x;
    return Math.abs(product) < 1000 ? Math.fma(a, x, -product) : 0;
  }

  /** e^(x / a), with what the quotient loses by rounding put back. */
  private static double expOfQuotient(double x, double a) {
    double q = x / a;
    double e = exp(q);
    return e == 0 || Double.isInfinite(e) ? e : e + e * (Math.fma(-q, a, x) / a);
  }

  /** x sigmoid(x); below 0 e^x in two factors, so that a subnormal one costs no digits. */
  private static double silu(double x) {
    if (x >= 0) {
      return x / (1 + exp(-x));
    }
    double h = exp(0.5 * x);
    return x * h / (1 + h * h) * h;
  }

  private static double siluSlope(double x) {
    if (x >= 0) {
      return sigmoid(x) * (1 + x * sigmoid(-x));
    }
    double h = exp(0.5 * x);
    double r = 1 / (1 + h * h);
    return (1 + x * r) * r * h * h;
  }

  /** x tanh(softplus(x)), where tanh(ln(1 + e)) = e (e + 2) r = 1 - 2 r with r as here. */
  private static double mish(double x) {
    double h = exp(0.5 * Math.min(x, 40));
    double e = h * h;
    double r = 1 / (e * (e + 2) + 2);
    return x >= 0 ? x * (1 - 2 * r) : x * ((e + 2) * r) * h * h;
  }

  private static double mishSlope(double x) {
    double near = Math.min(x, 40);
    double h = exp(0.5 * near);
    double e = h * h;
    double r = 1 / (e * (e + 2) + 2);
    double s = 4 * r * (1 - r) * (near / (1 + e));
    return x >= 0 ? 1 - 2 * r + s * e : ((e + 2) * r + s) * h * h;
  }
}
