package dev.kiln.cpu;

import java.math.BigDecimal;
import java.math.MathContext;

/** Distances in units of the last place of the true result. */
final class Ulps {
  private static final double FLOAT_OVERFLOW = 0x1.ffffffp127;
  private static final BigDecimal DOUBLE_OVERFLOW =
      new BigDecimal(Double.MAX_VALUE).add(new BigDecimal(Math.ulp(Double.MAX_VALUE) / 2));

  private Ulps() {}

  /**
   * The error of a float against the true value.
   *
   * @param floor the least magnitude whose last place counts, where results cross 0
   * @return infinite where one is NaN and the other not, where an infinity is wrong, or where a 0
   *     has the wrong sign
   */
  static double of(float got, double want, double floor) {
    if (Double.isNaN(want) || Float.isNaN(got)) {
      return Double.isNaN(want) == Float.isNaN(got) ? 0 : Double.POSITIVE_INFINITY;
    }
    if (got == 0 && Math.copySign(1, got) != Math.copySign(1, want)) {
      return Double.POSITIVE_INFINITY;
    }
    if (got == want || Float.isInfinite(got) && (float) want == got) {
      return 0;
    }
    if (Float.isInfinite(got) || Double.isInfinite(want)) {
      double near = Math.abs(Double.isInfinite(want) ? got : want);
      boolean sameSign = Math.signum(got) == Math.signum(want);
      return sameSign ? (FLOAT_OVERFLOW - near) / Math.ulp(Float.MAX_VALUE) : 1 / 0.0;
    }
    return Math.abs(got - want) / Math.max(ulp(want), floor == 0 ? 0 : ulp(floor));
  }

  /** The distance between floats around a value. */
  static double ulp(double want) {
    return Math.scalb(1.0, Math.max(Math.getExponent(want), Float.MIN_EXPONENT) - 23);
  }

  /**
   * The error of a double against the true value.
   *
   * @param floor the least magnitude whose last place counts, where results cross 0
   */
  static double of(double got, BigDecimal want, double floor) {
    if (Double.isNaN(got)) {
      return Double.POSITIVE_INFINITY;
    }
    if (Double.isInfinite(got)) {
      BigDecimal missing = DOUBLE_OVERFLOW.subtract(want.abs(), MathContext.DECIMAL64);
      return Math.signum(got) == want.signum()
          ? Math.max(0, missing.doubleValue() / Math.ulp(Double.MAX_VALUE))
          : Double.POSITIVE_INFINITY;
    }
    double near = want.doubleValue();
    double ulp =
        Double.isInfinite(near)
            ? Math.ulp(Double.MAX_VALUE)
            : Math.max(Math.ulp(near), Math.ulp(floor));
    BigDecimal error = new BigDecimal(got).subtract(want).abs();
    return error.divide(new BigDecimal(ulp), MathContext.DECIMAL64).doubleValue();
  }
}
