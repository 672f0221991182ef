package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.backend.ScanOp;
import dev.kiln.backend.View;
import dev.kiln.cpu.threads.WorkerPool;

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
          double[] sums = new double[COLUMNS];
          int last = Math.min(pieces, (piece + 1) * each);
          for (int p = piece * each; p < last; p++) {
            int start = p / blocks * n * width + p % blocks * COLUMNS;
            int columns = Math.min(COLUMNS, width - p % blocks * COLUMNS);
            int xo = (int) x.offset() + start;
            int yo = (int) out.offset() + start;
            if (width == 1) {
              line(product, from, xo, y, yo, n);
            } else {
              block(product, sums, columns, from, xo, y, yo, n, width);
            }
          }
        });
  }

  private static void line(boolean product, float[] x, int xo, float[] y, int yo, int n) {
    double all = product ? 1 : 0;
    for (int i = 0; i < n; i++) {
      all = product ? all * x[xo + i] : all + x[xo + i];
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
    java.util.Arrays.fill(sums, product ? 1 : 0);
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
