package dev.kiln.cpu.kernels;

/**
 * Mends tiles of {@link Winograd} whose patch holds a pixel that is not finite: the transforms mix
 * it into all outputs of the tile, also those whose window does not have it. These are summed up
 * again, directly.
 *
 * @param s the convolution, of unit stride
 * @param x the input
 * @param xOffset where it begins
 * @param w the filters
 * @param wOffset where they begin
 * @param turned whether the filters are those of the convolution whose input gradient this is
 * @param epilogue what happens to y on its way
 * @param y the output
 * @param yOffset where it begins
 */
record SpoiledTile(
    ConvShape s,
    float[] x,
    int xOffset,
    float[] w,
    int wOffset,
    boolean turned,
    Epilogue epilogue,
    float[] y,
    int yOffset) {

  /** Mends filters f0 .. f1 of outputs h0 .. h1, w0 .. w1. */
  void mend(int image, int h0, int h1, int w0, int w1, int f0, int f1) {
    if (!holds(image, h0, h1, w0, w1, false)) {
      return; // a number too large, or the filters: nothing here is better
    }
    for (int h = h0; h < h1; h++) {
      for (int v = w0; v < w1; v++) {
        // A NaN in the window is in the output already.
        if (!holds(image, h, h + 1, v, v + 1, true)) {
          for (int f = f0; f < f1; f++) {
            int pixel = h * s.outWidth() + v;
            int at = yOffset + (image * s.filters() + f) * s.outPixels() + pixel;
            y[at] = epilogue.apply(f, pixel, sum(image, f, h, v));
          }
        }
      }
    }
  }

  /** Whether the windows of these outputs hold a NaN, or else also an infinite pixel. */
  private boolean holds(int image, int h0, int h1, int w0, int w1, boolean nan) {
    int top = h0 - s.spec().paddingH();
    int left = w0 - s.spec().paddingW();
    int bottom = Math.min(s.height(), h1 - 1 - s.spec().paddingH() + s.kernelH());
    int right = Math.min(s.width(), w1 - 1 - s.spec().paddingW() + s.kernelW());
    for (int c = 0; c < s.channels(); c++) {
      for (int h = Math.max(0, top); h < bottom; h++) {
        int row = pixel(image, c, h, 0);
        for (int v = Math.max(0, left); v < right; v++) {
          float value = x[row + v];
          if (nan ? Float.isNaN(value) : !Float.isFinite(value)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private float sum(int image, int f, int h, int v) {
    int top = h - s.spec().paddingH();
    int left = v - s.spec().paddingW();
    double sum = 0;
    for (int c = 0; c < s.channels(); c++) {
      for (int i = Math.max(0, -top); i < Math.min(s.kernelH(), s.height() - top); i++) {
        int row = pixel(image, c, top + i, left);
        for (int j = Math.max(0, -left); j < Math.min(s.kernelW(), s.width() - left); j++) {
          sum += (double) x[row + j] * w[tap(f, c, i * s.kernelW() + j)];
        }
      }
    }
    return (float) sum;
  }

  private int pixel(int image, int c, int h, int v) {
    return xOffset + ((image * s.channels() + c) * s.height() + h) * s.width() + v;
  }

  private int tap(int f, int c, int t) {
    return turned
        ? wOffset + (c * s.filters() + f) * s.area() + s.area() - 1 - t
        : wOffset + (f * s.channels() + c) * s.area() + t;
  }
}
