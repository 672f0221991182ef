package dev.kiln.cpu.kernels;

/**
 * The error function and the normal distribution in double, to about 1e-15.
 *
 * <p>Near 0 the power series (Abramowitz and Stegun 7.1.6), in the tail the continued fraction
 * (7.1.14).
 */
final class Erf {
  private static final double TWO_OVER_SQRT_PI = 1.1283791670955126;

  private Erf() {}

  static double erf(double x) {
    double a = Math.abs(x);
    if (Double.isNaN(x)) {
      return x;
    }
    return a < 2.5 ? series(x) : Math.copySign(1 - tail(a), x);
  }

  /** The share of a standard normal variable below x, accurate in the lower tail too. */
  static double normal(double x) {
    if (Double.isNaN(x)) {
      return x;
    }
    double z = Math.abs(x) * Math.sqrt(0.5);
    double upper = z < 2.5 ? 1 - series(z) : tail(z);
    return x > 0 ? 1 - 0.5 * upper : 0.5 * upper;
  }

  private static double series(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum;
  }

  private static double tail(double x) {
    if (x > 27) {
      return 0;
    }
    double f = 0;
    for (int n = 60; n >= 1; n--) {
      f = n / 2.0 / (x + f);
    }
    return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + f));
  }
}
