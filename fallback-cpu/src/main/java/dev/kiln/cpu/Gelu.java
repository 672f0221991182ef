package dev.kiln.cpu;

/**
 * GELU and its tanh approximation in double precision, and their slopes; Hendrycks and Gimpel 2016.
 *
 * <p>Below 0 the results are products of small factors, never differences, and e to the power of
 * something enters as a square root twice, so that a subnormal factor costs no digits.
 */
final class Gelu {
  private static final double SQRT_HALF = 0.70710678118654752440;
  private static final double ONE_OVER_SQRT_2PI = 0.39894228040143267794;

  /** sqrt(8 / pi) and the remainder of its rounding. */
  private static final double LINEAR = 1.5957691216057308;

  private static final double LINEAR_LOW = -9.969308809e-17;
  private static final double CUBE = 0.044715;
  private static final double CUBE_LOW = 2.196021143e-18;

  private Gelu() {}

  /** x Phi(x). */
  static double exact(double x) {
    double h = rootOfGaussian(x);
    double half = 0.5 * Erf.erfcx(Math.abs(x) * SQRT_HALF);
    return x < 0 ? x * half * h * h : x * (1 - half * h * h);
  }

  /** Phi(x) + x Phi'(x). */
  static double exactSlope(double x) {
    double h = rootOfGaussian(x);
    double half = 0.5 * Erf.erfcx(Math.abs(x) * SQRT_HALF);
    double low = (half - Math.abs(x) * ONE_OVER_SQRT_2PI) * h * h;
    return x > 0 ? 1 - low : low;
  }

  /** e^(-x^2/4). */
  private static double rootOfGaussian(double x) {
    return Erf.gaussian(0.5 * x);
  }

  /** x (1 + tanh u) / 2 = x sigmoid(2 u) for u = sqrt(2 / pi) (x + 0.044715 x^3). */
  static double byTanh(double x) {
    double h = rootOfExponential(x);
    double r = 1 / (1 + h * h);
    return x < 0 ? x * r * h * h : x * r;
  }

  static double byTanhSlope(double x) {
    double near = Math.max(-30, Math.min(x, 30)); // beyond, the slope is 0 or 1
    double h = rootOfExponential(near);
    double r = 1 / (1 + h * h);
    double slope = near * LINEAR * (1 + 3 * CUBE * near * near);
    return x < 0 ? (1 + slope * r) * r * h * h : (1 + slope * r * h * h) * r;
  }

  /** e^-|u|, with what rounding took from the cubic put back. */
  private static double rootOfExponential(double x) {
    double near = Math.min(Math.abs(x), 30);
    double square = near * near;
    double squareLow = Math.fma(near, near, -square);
    double product = CUBE * square;
    double productLow = Math.fma(CUBE, square, -product) + CUBE * squareLow + CUBE_LOW * square;
    double sum = 1 + product;
    double head = sum - product;
    double sumLow = (1 - head) + (product - (sum - head)) + productLow;
    double factor = LINEAR * near;
    double factorLow = Math.fma(LINEAR, near, -factor) + LINEAR_LOW * near;
    double u = factor * sum;
    double low = Math.fma(factor, sum, -u) + factor * sumLow + factorLow * sum;
    double e = StrictMath.exp(-0.5 * u);
    return e - e * (0.5 * low);
  }
}
