package dev.kiln.cpu.kernels;

/** {@link SpanKernels} in plain loops. */
public final class LoopSpans implements SpanKernels {
  /** Makes the plain loops. */
  public LoopSpans() {}

  @Override
  public void add(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = a[ao + i] + b[bo + i];
    }
  }

  @Override
  public void subtract(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = a[ao + i] - b[bo + i];
    }
  }

  @Override
  public void multiply(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = a[ao + i] * b[bo + i];
    }
  }

  @Override
  public void divide(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = a[ao + i] / b[bo + i];
    }
  }

  @Override
  public void add(float[] y, int yo, float[] a, int ao, float b, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = a[ao + i] + b;
    }
  }

  @Override
  public void multiply(float[] y, int yo, float[] a, int ao, float b, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = a[ao + i] * b;
    }
  }

  @Override
  public void divide(float[] y, int yo, float[] a, int ao, float b, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = a[ao + i] / b;
    }
  }

  @Override
  public void multiplyCentered(
      float[] y, int yo, float[] a, int ao, float[] b, int bo, int n, float center) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = a[ao + i] * (b[bo + i] - center);
    }
  }

  @Override
  public void subtractScaled(
      float[] y, int yo, float[] a, int ao, float[] b, int bo, int n, float scale) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = a[ao + i] - b[bo + i] * scale;
    }
  }

  @Override
  public void keepMax(float[] x, int xo, int n, float tap, float[] best, float[] place) {
    for (int i = 0; i < n; i++) {
      float v = x[xo + i];
      if (v > best[i] || Float.isNaN(v)) {
        best[i] = v;
        place[i] = tap;
      }
    }
  }

  @Override
  public void normalize(
      float[] x, int xo, float[] y, int yo, int n, float center, float scale, float shift) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = (x[xo + i] - center) * scale + shift;
    }
  }

  @Override
  public void spread(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      float[] dx,
      int dxo,
      int n,
      float center,
      float slope,
      float offset,
      float scale) {
    for (int i = 0; i < n; i++) {
      dx[dxo + i] = (dy[dyo + i] - offset - (x[xo + i] - center) * slope) * scale;
    }
  }

  @Override
  public void spreadWeighted(
      float[] dy,
      int dyo,
      float[] weight,
      int wo,
      float[] x,
      int xo,
      float[] dx,
      int dxo,
      int n,
      float center,
      float slope,
      float offset,
      float scale) {
    for (int i = 0; i < n; i++) {
      float g = dy[dyo + i] * weight[wo + i];
      dx[dxo + i] = (g - offset - (x[xo + i] - center) * slope) * scale;
    }
  }

  @Override
  public void blend(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      float[] dx,
      int dxo,
      int n,
      float center,
      float slope,
      float offset,
      float gain) {
    for (int i = 0; i < n; i++) {
      dx[dxo + i] = dy[dyo + i] * gain - ((x[xo + i] - center) * slope + offset);
    }
  }

  @Override
  public void normalizeWeighted(
      float[] x,
      int xo,
      float[] y,
      int yo,
      float[] weight,
      int wo,
      float[] bias,
      int bo,
      int n,
      float center,
      float scale,
      float shift) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = ((x[xo + i] - center) * scale + shift) * weight[wo + i] + bias[bo + i];
    }
  }

  @Override
  public void addProduct(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      int n,
      float center,
      float scale,
      float[] sums,
      int so) {
    for (int i = 0; i < n; i++) {
      sums[so + i] = sums[so + i] + dy[dyo + i] * ((x[xo + i] - center) * scale);
    }
  }

  @Override
  public void sgd(float[] p, int po, float[] g, int go, int n, float scale, float lr, float decay) {
    for (int i = 0; i < n; i++) {
      p[po + i] = p[po + i] - lr * (scale * g[go + i] + decay * p[po + i]);
    }
  }

  @Override
  public void momentum(
      float[] p,
      int po,
      float[] g,
      int go,
      float[] v,
      int vo,
      int n,
      float scale,
      float lr,
      float decay,
      float momentum,
      float fresh,
      float ownShare,
      float velocityShare) {
    for (int i = 0; i < n; i++) {
      float d = scale * g[go + i] + decay * p[po + i];
      float speed = momentum * v[vo + i] + fresh * d;
      v[vo + i] = speed;
      p[po + i] = p[po + i] - lr * (ownShare * d + velocityShare * speed);
    }
  }

  @Override
  public void adam(
      float[] p,
      int po,
      float[] g,
      int go,
      float[] m,
      int mo,
      float[] v,
      int vo,
      int n,
      float scale,
      float rate,
      float correction,
      float freshMean,
      float keepSquare,
      float freshSquare,
      float eps,
      float decay,
      float shrink) {
    for (int i = 0; i < n; i++) {
      float d = scale * g[go + i] + decay * p[po + i];
      float mean = m[mo + i] + freshMean * (d - m[mo + i]);
      float square = keepSquare * v[vo + i] + freshSquare * (d * d);
      m[mo + i] = mean;
      v[vo + i] = square;
      p[po + i] =
          p[po + i] * shrink - rate * (mean / ((float) Math.sqrt(square) * correction + eps));
    }
  }

  @Override
  public void squareMax(
      float[] x, int xo, int width, int rows, int columns, float[] y, int yo, int[] index, int io) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        int p = 2 * (r * width + c);
        int q = p + largest(x, xo + p, width);
        y[yo + r * columns + c] = x[xo + q];
        index[io + r * columns + c] = q;
      }
    }
  }

  /** How far behind {@code x[o]} the largest of a square stands, without a branch for numbers. */
  private static int largest(float[] x, int o, int width) {
    float a = x[o];
    float b = x[o + 1];
    float c = x[o + width];
    float d = x[o + width + 1];
    float m = Math.max(Math.max(a, b), Math.max(c, d));
    if (Float.isNaN(m)) {
      return Float.isNaN(d) ? width + 1 : Float.isNaN(c) ? width : Float.isNaN(b) ? 1 : 0;
    }
    int later = c == m ? width : width + 1;
    later = b == m ? 1 : later;
    return a == m ? 0 : later;
  }

  @Override
  public void equal(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = (byte) (a[ao + i] == b[bo + i] ? 1 : 0);
    }
  }

  @Override
  public void notEqual(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = (byte) (a[ao + i] != b[bo + i] ? 1 : 0);
    }
  }

  @Override
  public void greater(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = (byte) (a[ao + i] > b[bo + i] ? 1 : 0);
    }
  }

  @Override
  public void notLess(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = (byte) (a[ao + i] >= b[bo + i] ? 1 : 0);
    }
  }

  @Override
  public void select(
      byte[] c, int co, float[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    // Bits, since no processor predicts which element of a mask is set.
    for (int i = 0; i < n; i++) {
      int set = -(c[co + i] & 0xff) >> 31;
      int p = Float.floatToRawIntBits(a[ao + i]);
      int q = Float.floatToRawIntBits(b[bo + i]);
      y[yo + i] = Float.intBitsToFloat(p & set | q & ~set);
    }
  }
}
