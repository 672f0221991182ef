package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;

/**
 * Where the largest or smallest element lies along the middle axis of [outer, n, inner]: the first
 * of equals, or the first NaN if there is one.
 */
public final class ArgExtreme {
  private static final int PART = 65_536;
  private static final int COLUMNS = 256;

  private final RowKernels rows;
  private final WorkerPool pool;

  /** Creates the driver over the given inner loops and threads. */
  public ArgExtreme(Kernels kernels, WorkerPool pool) {
    this.rows = kernels.rows();
    this.pool = pool;
  }

  /**
   * Writes {@code y[outer, inner]}.
   *
   * @param n at least 1
   */
  public void find(
      boolean largest, float[] x, int xo, int outer, int n, int inner, long[] y, int yo) {
    if (inner > 1) {
      columns(largest, x, xo, outer, n, inner, y, yo);
    } else if (n > PART) {
      for (int r = 0; r < outer; r++) {
        y[yo + r] = inLongRow(largest, x, xo + r * n, n);
      }
    } else {
      Pieces.rows(
          pool,
          outer,
          n,
          (from, to) -> {
            for (int r = from; r < to; r++) {
              int at = xo + r * n;
              y[yo + r] = first(x, at, n, extreme(largest, x, at, n));
            }
          });
    }
  }

  private float extreme(boolean largest, float[] x, int at, int n) {
    return largest ? rows.max(x, at, n) : rows.min(x, at, n);
  }

  /** Extremes of parts first, since reading what is not cached takes the time. */
  private int inLongRow(boolean largest, float[] x, int at, int n) {
    int parts = divideUp(n, PART);
    float[] found = new float[parts];
    pool.parallelFor(
        parts,
        p ->
            found[p] =
                extreme(largest, x, at + p * PART, (int) Math.min(PART, n - p * (long) PART)));
    int p = first(found, 0, parts, extreme(largest, found, 0, parts));
    return p * PART + first(x, at + p * PART, Math.min(PART, n - p * PART), found[p]);
  }

  private static int first(float[] x, int at, int n, float wanted) {
    int i = 0;
    if (Float.isNaN(wanted)) {
      while (i < n - 1 && !Float.isNaN(x[at + i])) {
        i++;
      }
    } else {
      while (i < n - 1 && x[at + i] != wanted) {
        i++;
      }
    }
    return i;
  }

  private void columns(
      boolean largest, float[] x, int xo, int outer, int n, int inner, long[] y, int yo) {
    int blocks = divideUp(inner, COLUMNS);
    pool.parallelFor(
        outer * blocks,
        piece -> {
          int o = piece / blocks;
          int begin = piece % blocks * COLUMNS;
          int width = Math.min(COLUMNS, inner - begin);
          block(largest, x, xo + o * n * inner + begin, n, inner, width, y, yo + o * inner + begin);
        });
  }

  private static void block(
      boolean largest, float[] x, int at, int n, int inner, int width, long[] y, int to) {
    float[] best = Workspace.mine().floats(Workspace.Slot.SUMS, width);
    System.arraycopy(x, at, best, 0, width);
    java.util.Arrays.fill(y, to, to + width, 0);
    for (int k = 1; k < n; k++) {
      int row = at + k * inner;
      for (int j = 0; j < width; j++) {
        float v = x[row + j];
        float b = best[j];
        if ((largest ? v > b : v < b) || Float.isNaN(v) && !Float.isNaN(b)) {
          // a NaN is never passed again: neither comparison holds
          best[j] = v;
          y[to + j] = k;
        }
      }
    }
  }
}
