package dev.kiln.cpu;

import static java.lang.StrictMath.exp;
import static java.lang.StrictMath.log;
import static java.lang.StrictMath.log1p;

import dev.kiln.backend.MathOp;
import dev.kiln.backend.View;

/** The functions of {@link MathOp} in double precision. */
final class Functions {
  private static final double LN2 = 0.693147180559945309417;
  private static final double ONE_OVER_LN2 = 1.442695040888963407360;
  private static final double TWO_OVER_SQRT_PI = 1.12837916709551257390;
  private static final double LARGE = 0x1p28;

  private Functions() {}

  /** y = f(x; a). */
  @FunctionalInterface
  interface Function {
    double at(double x, double a);
  }

  static void apply(MathOp op, View out, View x, double a) {
    CpuStorage o = CpuStorage.of(out);
    CpuStorage from = CpuStorage.of(x);
    Function f = of(op);
    for (Walk w = new Walk(out, x); w.more(); w.step()) {
      o.set(w.at(0), f.at(from.get(w.at(1)), a));
    }
  }

  /** The function of an op. */
  static Function of(MathOp op) {
    return switch (op) {
      case TAN -> (x, a) -> StrictMath.tan(x);
      case ASIN -> (x, a) -> StrictMath.asin(x);
      case ACOS -> (x, a) -> StrictMath.acos(x);
      case ATAN -> (x, a) -> StrictMath.atan(x);
      case SINH -> (x, a) -> StrictMath.sinh(x);
      case COSH -> (x, a) -> StrictMath.cosh(x);
      case ASINH -> (x, a) -> asinh(x);
      case ACOSH -> (x, a) -> acosh(x);
      case ATANH -> (x, a) -> atanh(x);
      case EXP2 -> (x, a) -> StrictMath.pow(2, x);
      case LOG2 -> (x, a) -> log2(x);
      case LOG10 -> (x, a) -> StrictMath.log10(x);
      case ERFC -> (x, a) -> Erf.erfc(x);
      case ERFINV -> (x, a) -> erfinv(x);
      case LGAMMA -> (x, a) -> Gamma.lgamma(x);
      case DIGAMMA -> (x, a) -> Gamma.digamma(x);
      case POLYGAMMA -> (x, a) -> Gamma.polygamma((int) a, x);
      case TRUNC -> (x, a) -> x < 0 ? Math.ceil(x) : Math.floor(x);
    };
  }

  private static double asinh(double x) {
    double y = Math.abs(x);
    double r = y > LARGE ? log(y) + LN2 : log1p(y + y * y / (1 + Math.sqrt(1 + y * y)));
    return Math.copySign(r, x);
  }

  private static double acosh(double x) {
    if (x < 1) {
      return Double.NaN; // where x is huge the formula's parts would cancel
    }
    double t = x - 1;
    return x > LARGE ? log(x) + LN2 : log1p(t + Math.sqrt(2 * t + t * t));
  }

  private static double atanh(double x) {
    double y = Math.abs(x);
    double r = y < 0.5 ? log1p(2 * y + 2 * y * y / (1 - y)) : log1p(2 * y / (1 - y));
    return Math.copySign(0.5 * r, x);
  }

  /** The exponent is taken off first, so that powers of 2 come out exact. */
  private static double log2(double x) {
    if (!(x > 0) || x == Double.POSITIVE_INFINITY) {
      return log(x);
    }
    if (x < Double.MIN_NORMAL) {
      return log2(x * 0x1p54) - 54;
    }
    int exponent = Math.getExponent(x);
    double fraction = Math.scalb(x, -exponent);
    if (fraction > 1.4142135623730951) {
      exponent++;
      fraction /= 2;
    }
    return exponent + log(fraction) * ONE_OVER_LN2;
  }

  /**
   * A first guess from the logarithm (Winitzki 2008), then Halley's steps on erf, or on erfc where
   * erf is close to 1.
   */
  private static double erfinv(double x) {
    double y = Math.abs(x);
    if (!(y < 1)) {
      return y == 1 ? Math.copySign(Double.POSITIVE_INFINITY, x) : Double.NaN;
    }
    if (y == 0) {
      return x;
    }
    double l = log1p(-y * y);
    double half = 2 / (Math.PI * 0.147) + l / 2;
    double guess = Math.sqrt(Math.sqrt(half * half - l / 0.147) - half);
    if (y < 1e-3) {
      guess = y / TWO_OVER_SQRT_PI;
    }
    for (int i = 0; i < 4; i++) {
      double off = y < 0.5 ? Erf.erf(guess) - y : 1 - y - Erf.erfc(guess);
      double step = off / (TWO_OVER_SQRT_PI * exp(-guess * guess));
      guess -= step / (1 + guess * step);
    }
    return Math.copySign(guess, x);
  }
}
