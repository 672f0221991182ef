package dev.kiln.cpu;

import static java.lang.StrictMath.log;
import static java.lang.StrictMath.log1p;
import static java.lang.StrictMath.pow;

/**
 * The logarithm of the gamma function and its derivatives in double precision: Stirling's series
 * far from 0, recurrence and reflection elsewhere, and a Taylor series about 2 between, which keeps
 * the digits near the zeros at 1 and 2. Abramowitz and Stegun, chapters 6 and 23.
 */
final class Gamma {
  private static final double EULER = 0.57721566490153286061;
  private static final double HALF_LN_2PI = 0.91893853320467274178;

  /** From here on the asymptotic series are exact to double precision. */
  private static final double FAR = 12;

  /** The Bernoulli numbers B2, B4, ... */
  private static final double[] BERNOULLI = {
    1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510
  };

  /** The coefficients of (-t)^k in lgamma(2 + t), k = 2, 3, ...: (zeta(k) - 1) / k. */
  private static final double[] ABOUT_TWO = new double[40];

  static {
    for (int k = 2; k < ABOUT_TWO.length; k++) {
      ABOUT_TWO[k] = zeta(k, 2) / k;
    }
  }

  private Gamma() {}

  /** ln |Gamma(x)|; infinite at 0 and the negative integers. */
  static double lgamma(double x) {
    if (Double.isNaN(x)) {
      return x;
    }
    if (Double.isInfinite(x) || x <= 0 && x == Math.floor(x)) {
      return Double.POSITIVE_INFINITY;
    }
    if (x < 0.5) {
      if (Math.abs(x) < 0x1p-60) {
        return -log(Math.abs(x));
      }
      return x > 0 ? lgamma(1 + x) - log(x) : log(Math.PI / Math.abs(sinPi(x))) - lgamma(1 - x);
    }
    if (x < 1.5) {
      double t = x - 1;
      return aboutTwo(t) - log1p(t);
    }
    if (x >= FAR) {
      return stirling(x);
    }
    double product = 1;
    double rest = x;
    while (rest > 2.5) {
      rest -= 1;
      product *= rest;
    }
    return log(product) + aboutTwo(rest - 2);
  }

  private static double aboutTwo(double t) {
    double sum = 0;
    for (int k = ABOUT_TWO.length - 1; k >= 2; k--) {
      sum = (sum + ABOUT_TWO[k]) * -t;
    }
    // One power of -t is still missing from the sum, and the term of t itself stands apart.
    return t * (1 - EULER - sum);
  }

  private static double stirling(double x) {
    double z = 1 / (x * x);
    double sum = 0;
    for (int k = BERNOULLI.length; k >= 1; k--) {
      sum = sum * z + BERNOULLI[k - 1] / (2 * k * (2 * k - 1));
    }
    return (x - 0.5) * (log(x) - 1) - 0.5 + HALF_LN_2PI + sum / x;
  }

  private static double sinPi(double x) {
    double r = x - Math.rint(x);
    return StrictMath.sin(Math.PI * r);
  }

  /** The derivative of lgamma; minus infinity at 0, NaN at negative integers. */
  static double digamma(double x) {
    if (x == 0) {
      return Math.copySign(Double.POSITIVE_INFINITY, -x);
    }
    if (x < 0) {
      double r = x - Math.rint(x);
      return r == 0 ? Double.NaN : digamma(1 - x) - Math.PI / StrictMath.tan(Math.PI * r);
    }
    if (x == Double.POSITIVE_INFINITY) {
      return x;
    }
    double before = 0;
    double y = x;
    while (y < FAR) {
      before += 1 / y;
      y += 1;
    }
    double z = 1 / (y * y);
    double sum = 0;
    for (int k = BERNOULLI.length; k >= 1; k--) {
      sum = (sum + BERNOULLI[k - 1] / (2 * k)) * z;
    }
    return log(y) - 0.5 / y - sum - before;
  }

  /** The n-th derivative of digamma, n = 1, 2, ... */
  static double polygamma(int n, double x) {
    double factorial = 1;
    for (int k = 2; k <= n; k++) {
      factorial *= k;
    }
    return (n % 2 == 0 ? -1 : 1) * factorial * zeta(n + 1, x);
  }

  /**
   * Hurwitz's zeta function, the sum of (q + n)^-s, for whole s above 1, by Euler and Maclaurin.
   */
  private static double zeta(int s, double q) {
    if (q <= 0 && q == Math.floor(q)) {
      return Double.POSITIVE_INFINITY;
    }
    if (Double.isNaN(q) || q < -1e6) {
      return Double.NaN;
    }
    double sum = 0;
    double at = q;
    while (at < FAR) {
      sum += pow(at, -s);
      at += 1;
    }
    double power = pow(at, -s);
    double tail = at * power / (s - 1) + power / 2;
    double factor = s / at * power;
    double factorial = 2;
    for (int k = 1; k <= BERNOULLI.length; k++) {
      tail += BERNOULLI[k - 1] * factor / factorial;
      factor *= (s + 2 * k - 1.0) * (s + 2.0 * k) / (at * at);
      factorial *= (2 * k + 1.0) * (2 * k + 2.0);
    }
    return sum + tail;
  }
}
