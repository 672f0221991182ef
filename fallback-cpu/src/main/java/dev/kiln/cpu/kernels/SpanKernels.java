package dev.kiln.cpu.kernels;

/** Loops over several arrays at once; what an element becomes does not depend on its neighbours. */
public interface SpanKernels {
  /** Sets {@code y = a + b}; y may be a or b. */
  void add(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n);

  /** Sets {@code y = a - b}; y may be a or b. */
  void subtract(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n);

  /** Sets {@code y = a * b}; y may be a or b. */
  void multiply(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n);

  /** Sets {@code y = a / b}; y may be a or b. */
  void divide(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n);

  /** Sets {@code y = a + b} for one number b; y may be a. */
  void add(float[] y, int yo, float[] a, int ao, float b, int n);

  /** Sets {@code y = a * b} for one number b; y may be a. */
  void multiply(float[] y, int yo, float[] a, int ao, float b, int n);

  /** Sets {@code y = a / b} for one number b; y may be a. */
  void divide(float[] y, int yo, float[] a, int ao, float b, int n);

  /** Sets {@code y = a * (b - center)}; y may be a or b. */
  void multiplyCentered(
      float[] y, int yo, float[] a, int ao, float[] b, int bo, int n, float center);

  /** Sets {@code y = a - b * scale}; y may be a or b. */
  void subtractScaled(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n, float scale);

  /** Sets {@code y = (x - center) * scale + shift}; y may be x. */
  void normalize(
      float[] x, int xo, float[] y, int yo, int n, float center, float scale, float shift);

  /** Sets {@code dx = (dy - offset - (x - center) * slope) * scale}; dx may be dy. */
  void spread(
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
      float scale);

  /** As {@link #spread}, of {@code dy * weight}. */
  void spreadWeighted(
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
      float scale);

  /** Sets {@code dx = dy * gain - ((x - center) * slope + offset)}; dx may be dy. */
  void blend(
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
      float gain);

  /** Sets {@code y = ((x - center) * scale + shift) * weight + bias}; y may be x. */
  void normalizeWeighted(
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
      float shift);

  /** Adds {@code dy * ((x - center) * scale)} to sums. */
  void addProduct(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      int n,
      float center,
      float scale,
      float[] sums,
      int so);

  /** A step of plain gradient descent: {@code p -= lr * (scale * g + decay * p)}. */
  void sgd(float[] p, int po, float[] g, int go, int n, float scale, float lr, float decay);

  /**
   * A step of gradient descent with momentum: {@code d = scale * g + decay * p; v = momentum * v +
   * fresh * d; p -= lr * (ownShare * d + velocityShare * v)}.
   */
  void momentum(
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
      float velocityShare);

  /**
   * A step of Adam: {@code d = scale * g + decay * p; m += freshMean * (d - m); v = keepSquare * v
   * + freshSquare * d * d; p = p * shrink - rate * m / (sqrt(v) * correction + eps)}.
   */
  void adam(
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
      float shrink);

  /**
   * Where {@code x} is above {@code best}, or not a number, sets {@code best = x} and {@code place
   * = tap}.
   */
  void keepMax(float[] x, int xo, int n, float tap, float[] best, float[] place);

  /**
   * Sets y to the largest of each square of 2x2 pixels that lie side by side in a plane of {@code
   * width} columns, and index to where in the plane it stands: the first of equal ones, the last
   * that is not a number.
   *
   * @param rows how many squares stand one below the other
   * @param columns how many stand side by side
   */
  void squareMax(
      float[] x, int xo, int width, int rows, int columns, float[] y, int yo, int[] index, int io);

  /** Writes 1 where a equals b, else 0. */
  void equal(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n);

  /** Writes 1 where a differs from b, else 0. */
  void notEqual(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n);

  /** Writes 1 where a is above b, else 0. */
  void greater(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n);

  /** Writes 1 where a is not below b, else 0. */
  void notLess(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n);

  /** Writes a where c is not 0, else b. */
  void select(byte[] c, int co, float[] y, int yo, float[] a, int ao, float[] b, int bo, int n);
}
