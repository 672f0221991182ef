package dev.kiln.cpu.kernels;

/** Sums and extremes of contiguous elements, each in an order that its length alone decides. */
public interface RowKernels {
  /** Returns the sum of {@code x - center}; a center near the mean keeps the sum exact. */
  double sum(float[] x, int offset, int n, float center);

  /** Returns the sum of {@code (x - center)^2}. */
  double sumSquares(float[] x, int offset, int n, float center);

  /** Returns the sum of {@code y * (x - center)}. */
  double dot(float[] y, int yOffset, float[] x, int xOffset, int n, float center);

  /** Returns the largest element, NaN if there is one; negative infinity for none. */
  float max(float[] x, int offset, int n);

  /** Returns the smallest element, NaN if there is one; positive infinity for none. */
  float min(float[] x, int offset, int n);

  /** Sets {@code y = exp(x - shift)} and returns the sum; y may be x. */
  double expSum(float[] x, int xOffset, float[] y, int yOffset, int n, float shift);
}
