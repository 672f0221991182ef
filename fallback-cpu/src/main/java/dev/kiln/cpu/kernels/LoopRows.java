package dev.kiln.cpu.kernels;

import java.util.Arrays;

/** {@link RowKernels} in plain loops with a few accumulators. */
final class LoopRows implements RowKernels {
  @Override
  public double sum(float[] x, int offset, int n, float center) {
    double s0 = 0;
    double s1 = 0;
    int i = 0;
    for (; i + 2 <= n; i += 2) {
      s0 += x[offset + i] - center;
      s1 += x[offset + i + 1] - center;
    }
    return i < n ? s0 + s1 + (x[offset + i] - center) : s0 + s1;
  }

  @Override
  public double sumSquares(float[] x, int offset, int n, float center) {
    double s0 = 0;
    double s1 = 0;
    int i = 0;
    for (; i + 2 <= n; i += 2) {
      double a = x[offset + i] - center;
      double b = x[offset + i + 1] - center;
      s0 += a * a;
      s1 += b * b;
    }
    if (i < n) {
      double a = x[offset + i] - center;
      s0 += a * a;
    }
    return s0 + s1;
  }

  @Override
  public double dot(float[] y, int yOffset, float[] x, int xOffset, int n, float center) {
    double s0 = 0;
    double s1 = 0;
    int i = 0;
    for (; i + 2 <= n; i += 2) {
      s0 += (double) y[yOffset + i] * (x[xOffset + i] - center);
      s1 += (double) y[yOffset + i + 1] * (x[xOffset + i + 1] - center);
    }
    if (i < n) {
      s0 += (double) y[yOffset + i] * (x[xOffset + i] - center);
    }
    return s0 + s1;
  }

  @Override
  public double gradientSums(
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
      double[] dot) {
    double sum = 0;
    double product = 0;
    for (int i = 0; i < n; i++) {
      float d = dy[dyo + i];
      float distance = x[xo + i] - center;
      float g = d * weight[wo + i];
      sums[i] += d * (distance * scale);
      sums[n + i] += d;
      sum += g;
      product += (double) g * distance;
    }
    dot[0] = product;
    return sum;
  }

  @Override
  public void columnSums(float[] x, int offset, int rows, int ld, int width, float[] sums) {
    Arrays.fill(sums, 0, width, 0f);
    for (int r = 0; r < rows; r++) {
      int o = offset + r * ld;
      for (int i = 0; i < width; i++) {
        sums[i] += x[o + i];
      }
    }
  }

  @Override
  public void columnExtremes(
      boolean max, float[] x, int offset, int rows, int ld, int width, float[] y, int yo) {
    Arrays.fill(y, yo, yo + width, max ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY);
    for (int r = 0; r < rows; r++) {
      int o = offset + r * ld;
      if (max) {
        for (int i = 0; i < width; i++) {
          y[yo + i] = Math.max(y[yo + i], x[o + i]);
        }
      } else {
        for (int i = 0; i < width; i++) {
          y[yo + i] = Math.min(y[yo + i], x[o + i]);
        }
      }
    }
  }

  @Override
  public float max(float[] x, int offset, int n) {
    float m = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      m = Math.max(m, x[offset + i]);
    }
    return m;
  }

  @Override
  public float min(float[] x, int offset, int n) {
    float m = Float.POSITIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      m = Math.min(m, x[offset + i]);
    }
    return m;
  }

  @Override
  public double expSum(float[] x, int xOffset, float[] y, int yOffset, int n, float shift) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      float e = (float) Math.exp(x[xOffset + i] - shift);
      y[yOffset + i] = e;
      sum += e;
    }
    return sum;
  }
}
