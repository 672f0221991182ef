package dev.kiln.cpu.kernels;

/** Sums and extremes of contiguous elements, each in an order that its length alone decides. */
public interface RowKernels {
  /** Returns the sum of {@code x - center}; a center near the mean keeps the sum exact. */
  double sum(float[] x, int offset, int n, float center);

  /** Returns the sum of {@code (x - center)^2}. */
  double sumSquares(float[] x, int offset, int n, float center);

  /** Returns the sum of {@code y * (x - center)}. */
  double dot(float[] y, int yOffset, float[] x, int xOffset, int n, float center);

  /**
   * The sums that the gradients of a normalised row need: adds {@code dy * ((x - center) * scale)}
   * to the first n sums and dy to the next n; returns the sum of {@code g = dy * weight} and writes
   * that of {@code g * (x - center)} to {@code dot[0]}.
   */
  double gradientSums(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      float[] weight,
      int wo,
      int n,
      float center,
      float scale,
      float[] sums,
      double[] dot);

  /**
   * Sets each of {@code width} sums to that of its column of {@code rows} rows, {@code ld} apart;
   * in float, so for a few rows only.
   */
  void columnSums(float[] x, int offset, int rows, int ld, int width, float[] sums);

  /**
   * Writes {@code y[yo + i]} = the largest, or the smallest, over r of {@code x[offset + r * ld +
   * i]} for i below {@code width}; NaN if there is one, and an infinity for no rows.
   */
  void columnExtremes(
      boolean max, float[] x, int offset, int rows, int ld, int width, float[] y, int yo);

  /** Returns the largest element, NaN if there is one; negative infinity for none. */
  float max(float[] x, int offset, int n);

  /** Returns the smallest element, NaN if there is one; positive infinity for none. */
  float min(float[] x, int offset, int n);

  /** Sets {@code y = exp(x - shift)} and returns the sum; y may be x. */
  double expSum(float[] x, int xOffset, float[] y, int yOffset, int n, float shift);

  /** The plain loops. */
  static RowKernels loops() {
    return new LoopRows();
  }
}
