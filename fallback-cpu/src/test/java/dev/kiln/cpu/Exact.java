package dev.kiln.cpu;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Elementary functions to a hundred digits, from their series alone: what the accuracy of every
 * other implementation here is measured against. Results are relative to their own size, also where
 * they are tiny.
 */
final class Exact {
  private static final int DIGITS = 100;
  static final MathContext MC = new MathContext(DIGITS, RoundingMode.HALF_EVEN);

  /** Beyond it e^x is infinite, or e^-x is 0, for every double; so arguments stop here. */
  private static final BigDecimal FAR = new BigDecimal(3000);

  private static final BigDecimal TWO = BigDecimal.valueOf(2);
  private static final BigDecimal HALF = new BigDecimal("0.5");
  private static final BigDecimal LN2 = TWO.multiply(atanh(BigDecimal.ONE.divide(big(3), MC)), MC);

  /** Machin's formula, with the digits that reducing the largest double takes. */
  static final BigDecimal PI = machin(new MathContext(2 * DIGITS + 320));

  private Exact() {}

  static BigDecimal big(double x) {
    return new BigDecimal(x);
  }

  private static boolean isBelow(BigDecimal x, double limit) {
    return x.abs().compareTo(big(limit)) < 0;
  }

  private static boolean isNegligible(BigDecimal term, BigDecimal sum, MathContext mc) {
    return term.signum() == 0
        || sum.precision() - sum.scale() - mc.getPrecision() - 3 > term.precision() - term.scale();
  }

  private static BigDecimal machin(MathContext mc) {
    BigDecimal a = arctanOfInverse(5, mc).multiply(big(16));
    return a.subtract(arctanOfInverse(239, mc).multiply(big(4)), mc);
  }

  private static BigDecimal arctanOfInverse(int n, MathContext mc) {
    BigDecimal square = big((double) n * n);
    BigDecimal power = BigDecimal.ONE.divide(big(n), mc);
    BigDecimal sum = power;
    for (int k = 1; ; k++) {
      power = power.divide(square, mc).negate();
      BigDecimal term = power.divide(big(2 * k + 1), mc);
      if (isNegligible(term, sum, mc)) {
        return sum;
      }
      sum = sum.add(term, mc);
    }
  }

  /** x + x^3/3 + x^5/5 + ... */
  private static BigDecimal atanh(BigDecimal x) {
    BigDecimal square = x.multiply(x, MC);
    BigDecimal power = x;
    BigDecimal sum = x;
    for (int k = 1; ; k++) {
      power = power.multiply(square, MC);
      BigDecimal term = power.divide(big(2 * k + 1), MC);
      if (isNegligible(term, sum, MC)) {
        return sum;
      }
      sum = sum.add(term, MC);
    }
  }

  private static BigDecimal expm1Series(BigDecimal x, MathContext mc) {
    BigDecimal term = x;
    BigDecimal sum = x;
    for (int k = 2; !isNegligible(term, sum, mc); k++) {
      term = term.multiply(x, mc).divide(big(k), mc);
      sum = sum.add(term, mc);
    }
    return sum;
  }

  static BigDecimal exp(BigDecimal x) {
    return exp(x, MC);
  }

  private static BigDecimal exp(BigDecimal x, MathContext mc) {
    BigDecimal r = x.min(FAR).max(FAR.negate());
    int halvings = 0;
    while (!isBelow(r, 0.01)) {
      r = r.multiply(HALF);
      halvings++;
    }
    MathContext inner = new MathContext(mc.getPrecision() + halvings);
    BigDecimal e = BigDecimal.ONE.add(expm1Series(r.round(inner), inner), inner);
    for (int i = 0; i < halvings; i++) {
      e = e.multiply(e, inner);
    }
    return e.round(mc);
  }

  static BigDecimal expm1(BigDecimal x) {
    return isBelow(x, 0.5) ? expm1Series(x, MC) : exp(x).subtract(BigDecimal.ONE, MC);
  }

  /** For x above 0. */
  static BigDecimal log(BigDecimal x) {
    int exponent = Math.getExponent(x.doubleValue());
    exponent = exponent < Double.MIN_EXPONENT ? -1074 : exponent;
    BigDecimal m = x.divide(TWO.pow(exponent, MC), MC);
    for (; m.compareTo(big(1.42)) > 0; exponent++) {
      m = m.multiply(HALF);
    }
    BigDecimal s = m.subtract(BigDecimal.ONE).divide(m.add(BigDecimal.ONE), MC);
    return LN2.multiply(big(exponent)).add(TWO.multiply(atanh(s)), MC);
  }

  /** For x above -1. */
  static BigDecimal log1p(BigDecimal x) {
    return isBelow(x, 0.4)
        ? TWO.multiply(atanh(x.divide(x.add(TWO, MC), MC)), MC)
        : log(x.add(BigDecimal.ONE));
  }

  static BigDecimal tanh(BigDecimal x) {
    BigDecimal m = expm1(x.multiply(TWO));
    return m.divide(m.add(TWO), MC);
  }

  /** 1 / (1 + e^-x). */
  static BigDecimal sigmoid(BigDecimal x) {
    BigDecimal e = exp(x.abs().negate());
    BigDecimal upper = BigDecimal.ONE.divide(BigDecimal.ONE.add(e), MC);
    return x.signum() >= 0 ? upper : e.multiply(upper, MC);
  }

  /** ln(1 + e^x). */
  static BigDecimal softplus(BigDecimal x) {
    return x.max(BigDecimal.ZERO).add(log1p(exp(x.abs().negate())), MC);
  }

  static BigDecimal sin(BigDecimal x) {
    BigDecimal r = x.remainder(PI.multiply(TWO));
    return sine(r).round(MC);
  }

  static BigDecimal cos(BigDecimal x) {
    BigDecimal r = x.remainder(PI.multiply(TWO));
    return sine(r.add(PI.multiply(HALF))).round(MC);
  }

  /** The series, with spare digits for its alternating signs and for results near 0. */
  private static BigDecimal sine(BigDecimal x) {
    MathContext mc = new MathContext(DIGITS + 60);
    BigDecimal square = x.multiply(x, mc).negate();
    BigDecimal term = x;
    BigDecimal sum = x;
    for (int k = 2; term.signum() != 0 && term.precision() - term.scale() > -2 * DIGITS; k += 2) {
      term = term.multiply(square, mc).divide(big(k * (k + 1.0)), mc);
      sum = sum.add(term);
    }
    return sum;
  }

  static BigDecimal erf(BigDecimal x) {
    return isBelow(x, 28) ? erf(x, MC) : big(x.signum());
  }

  /** 1 - erf(x), 0 where it is below every double. */
  static BigDecimal erfc(BigDecimal x) {
    if (!isBelow(x, 28)) {
      return x.signum() > 0 ? BigDecimal.ZERO : TWO;
    }
    // erfc(x) is about e^(-x^2): as many digits more.
    int spare = (int) (0.45 * x.doubleValue() * x.doubleValue()) + 5;
    return BigDecimal.ONE.subtract(erf(x, new MathContext(DIGITS + spare))).round(MC);
  }

  /** 2 / sqrt(pi) e^(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...), whose terms have one sign. */
  private static BigDecimal erf(BigDecimal x, MathContext mc) {
    BigDecimal square = x.multiply(x, mc);
    BigDecimal term = x;
    BigDecimal sum = x;
    for (int n = 1; !isNegligible(term, sum, mc); n++) {
      term = term.multiply(square, mc).multiply(TWO).divide(big(2 * n + 1), mc);
      sum = sum.add(term, mc);
    }
    BigDecimal factor = TWO.multiply(exp(square.negate(), mc)).divide(PI.sqrt(mc), mc);
    return factor.multiply(sum, mc);
  }
}
