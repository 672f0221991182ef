package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.backend.ScanOp;
import dev.kiln.backend.View;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.Arrays;

/**
 * Running sums and products of FLOAT32, in double precision, line by line on the pool's threads.
 */
final class FloatScan {
  private static final int SERIAL_ELEMENTS = 32_768;
  private static final int COLUMNS = 64;

  private FloatScan() {}

  static void scan(WorkerPool pool, ScanOp op, View out, View x, int axis) {
    int n = (int) x.shape().dim(axis);
    if (x.numel() == 0) {
      return;
    }
    int inner = 1;
    for (int a = axis + 1; a < x.shape().rank(); a++) {
      inner *= (int) x.shape().dim(a);
    }
    int outer = (int) (x.numel() / n / inner);
    int blocks = (inner + COLUMNS - 1) / COLUMNS;
    int pieces = outer * blocks;
    // Short lines go together, so that a piece is worth handing over.
    int each = Math.max(1, SERIAL_ELEMENTS / Math.max(1, (int) (x.numel() / pieces)));
    float[] y = floats(out);
    float[] from = floats(x);
    int width = inner;
    boolean product = op == ScanOp.PROD;
    pool.parallelFor(
        (pieces + each - 1) / each,
        piece -> {
          int last = Math.min(pieces, (piece + 1) * each);
          if (width == 1) {
            int first = piece * each;
            lines(product, from, (int) x.offset(), y, (int) out.offset(), first, last, n);
            return;
          }
          double[] sums = new double[COLUMNS];
          for (int p = piece * each; p < last; p++) {
            int start = p / blocks * n * width + p % blocks * COLUMNS;
            int columns = Math.min(COLUMNS, width - p % blocks * COLUMNS);
            int xo = (int) x.offset() + start;
            int yo = (int) out.offset() + start;
            block(product, sums, columns, from, xo, y, yo, n, width);
          }
        });
  }

  /** Four lines at a time: of one alone, each sum waits for the one before. */
  private static void lines(
      boolean product, float[] x, int xo, float[] y, int yo, int first, int last, int n) {
    int i = first;
    for (; i + 4 <= last; i += 4) {
      if (product) {
        fourProducts(x, xo + i * n, y, yo + i * n, n);
      } else {
        fourSums(x, xo + i * n, y, yo + i * n, n);
      }
    }
    for (; i < last; i++) {
      if (product) {
        products(x, xo + i * n, y, yo + i * n, n);
      } else {
        sums(x, xo + i * n, y, yo + i * n, n);
      }
    }
  }

  private static void fourSums(float[] x, int xo, float[] y, int yo, int n) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    for (int i = 0; i < n; i++) {
      a += x[xo + i];
      b += x[xo + n + i];
      c += x[xo + 2 * n + i];
      d += x[xo + 3 * n + i];
      y[yo + i] = (float) a;
      y[yo + n + i] = (float) b;
      y[yo + 2 * n + i] = (float) c;
      y[yo + 3 * n + i] = (float) d;
    }
  }

  private static void fourProducts(float[] x, int xo, float[] y, int yo, int n) {
    double a = 1;
    double b = 1;
    double c = 1;
    double d = 1;
    for (int i = 0; i < n; i++) {
      a *= x[xo + i];
      b *= x[xo + n + i];
      c *= x[xo + 2 * n + i];
      d *= x[xo + 3 * n + i];
      y[yo + i] = (float) a;
      y[yo + n + i] = (float) b;
      y[yo + 2 * n + i] = (float) c;
      y[yo + 3 * n + i] = (float) d;
    }
  }

  private static void sums(float[] x, int xo, float[] y, int yo, int n) {
    double all = 0;
    for (int i = 0; i < n; i++) {
      all += x[xo + i];
      y[yo + i] = (float) all;
    }
  }

  private static void products(float[] x, int xo, float[] y, int yo, int n) {
    double all = 1;
    for (int i = 0; i < n; i++) {
      all *= x[xo + i];
      y[yo + i] = (float) all;
    }
  }

  /** Runs down several columns at once, so that memory is read along its rows. */
  private static void block(
      boolean product,
      double[] sums,
      int columns,
      float[] x,
      int xo,
      float[] y,
      int yo,
      int n,
      int width) {
    Arrays.fill(sums, product ? 1 : 0);
    for (int i = 0; i < n; i++) {
      int a = xo + i * width;
      int b = yo + i * width;
      for (int c = 0; c < columns; c++) {
        sums[c] = product ? sums[c] * x[a + c] : sums[c] + x[a + c];
        y[b + c] = (float) sums[c];
      }
    }
  }
}
