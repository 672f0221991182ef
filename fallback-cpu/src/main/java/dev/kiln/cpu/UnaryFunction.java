package dev.kiln.cpu;

import static java.lang.StrictMath.exp;
import static java.lang.StrictMath.expm1;
import static java.lang.StrictMath.log1p;
import static java.lang.StrictMath.tanh;

import dev.kiln.backend.UnaryOp;
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
  private static final double SQRT_HALF = 0.70710678118654752440;
  private static final double ONE_OVER_SQRT_2PI = 0.39894228040143267794;
  private static final double TWO_OVER_SQRT_PI = 1.12837916709551257390;
  private static final double GELU_SCALE = 0.79788456080286535588;
  private static final double GELU_CUBE = 0.044715;

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
    row(UnaryOp.ERF, (x, a, b) -> Erf.erf(x), (g, x, a, b) -> g * TWO_OVER_SQRT_PI * exp(-x * x));
    row(UnaryOp.AFFINE, (x, a, b) -> a * x + b, (g, s, a, b) -> g * a);
    row(
        UnaryOp.POW,
        (x, a, b) -> StrictMath.pow(x, a),
        (g, x, a, b) -> a == 0 ? 0 : g * a * StrictMath.pow(x, a - 1));
    row(UnaryOp.CLAMP, UnaryFunction::clamp, (g, x, a, b) -> x >= a && x <= b ? g : 0);
    row(UnaryOp.RELU, (x, a, b) -> Math.max(x, 0), (g, y, a, b) -> y <= 0 ? 0 : g);
    row(UnaryOp.LEAKY_RELU, (x, a, b) -> x > 0 ? x : a * x, (g, x, a, b) -> x > 0 ? g : g * a);
    row(
        UnaryOp.ELU,
        (x, a, b) -> x <= 0 ? a * expm1(x) : x,
        (g, x, a, b) -> x <= 0 ? g * a * exp(x) : g);
    row(
        UnaryOp.CELU,
        (x, a, b) -> x <= 0 ? a * expm1(x / a) : x,
        (g, x, a, b) -> x <= 0 ? g * exp(x / a) : g);
    row(
        UnaryOp.SELU,
        (x, a, b) -> SELU_SCALE * (x <= 0 ? SELU_ALPHA * expm1(x) : x),
        (g, x, a, b) -> g * SELU_SCALE * (x <= 0 ? SELU_ALPHA * exp(x) : 1));
    row(
        UnaryOp.GELU,
        (x, a, b) -> x * phi(x),
        (g, x, a, b) -> g * (phi(x) + x * ONE_OVER_SQRT_2PI * exp(-0.5 * x * x)));
    row(
        UnaryOp.GELU_TANH,
        (x, a, b) -> 0.5 * x * (1 + geluTanh(x)),
        UnaryFunction::geluTanhGradient);
    row(
        UnaryOp.SILU,
        (x, a, b) -> x * sigmoid(x),
        (g, x, a, b) -> g * sigmoid(x) * (1 + x * sigmoid(-x)));
    row(UnaryOp.MISH, (x, a, b) -> x * tanh(softplus(x)), UnaryFunction::mishGradient);
    row(UnaryOp.SIGMOID, (x, a, b) -> sigmoid(x), (g, y, a, b) -> g * (1 - y) * y);
    row(UnaryOp.LOG_SIGMOID, (x, a, b) -> -softplus(-x), (g, x, a, b) -> g * sigmoid(-x));
    row(UnaryOp.TANH, (x, a, b) -> tanh(x), (g, y, a, b) -> g * (1 - y * y));
    row(
        UnaryOp.SOFTPLUS,
        (x, a, b) -> a * x > b ? x : softplus(a * x) / a,
        (g, x, a, b) -> a * x > b ? g : g * sigmoid(a * x));
    row(
        UnaryOp.SOFTSIGN,
        (x, a, b) -> x / (1 + Math.abs(x)),
        (g, x, a, b) -> g / ((1 + Math.abs(x)) * (1 + Math.abs(x))));
    row(UnaryOp.HARDTANH, UnaryFunction::clamp, (g, x, a, b) -> x <= a || x >= b ? 0 : g);
    row(
        UnaryOp.HARDSIGMOID,
        (x, a, b) -> clamp(x + 3, 0, 6) / 6,
        (g, x, a, b) -> x > -3 && x < 3 ? g / 6 : 0);
    row(
        UnaryOp.HARDSWISH,
        (x, a, b) -> x * clamp(x + 3, 0, 6) / 6,
        (g, x, a, b) -> x <= -3 ? 0 : x < 3 ? g * (x / 3 + 0.5) : g);
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
    if (x >= 0) {
      return 1 / (1 + exp(-x));
    }
    double e = exp(x);
    return e / (1 + e);
  }

  /** ln(1 + e^x) without overflow. */
  static double softplus(double x) {
    return Math.max(x, 0) + log1p(exp(-Math.abs(x)));
  }

  /** The distribution function of the standard normal distribution. */
  private static double phi(double x) {
    return 0.5 * Erf.erfc(-x * SQRT_HALF);
  }

  private static double geluTanh(double x) {
    return tanh(GELU_SCALE * x * (1 + GELU_CUBE * x * x));
  }

  private static double geluTanhGradient(double g, double x, double a, double b) {
    double t = geluTanh(x);
    double slope = (1 - t) * (1 + t);
    double rest = slope == 0 ? 0 : 0.5 * x * slope * GELU_SCALE * (1 + 3 * GELU_CUBE * x * x);
    return g * (0.5 * (1 + t) + rest);
  }

  private static double mishGradient(double g, double x, double a, double b) {
    double t = tanh(softplus(x));
    return g * (t + x * sigmoid(x) * (1 - t * t));
  }
}
