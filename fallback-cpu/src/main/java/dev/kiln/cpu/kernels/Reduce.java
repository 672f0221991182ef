package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/**
 * Sums and extremes over the middle axis of [outer, n, inner].
 *
 * <p>At most 32 elements are added up in float, what they come to in double; and long sums are cut
 * into parts of a fixed length, whose totals are added in order. So the error does not grow with
 * the length, and is the same for any number of threads.
 */
public final class Reduce {
  private static final int PART = 65_536;
  private static final int ROW_BLOCK = 32;

  /** Rows of a part, for which there is a row of totals in double. */
  private static final int ROW_PART = 8 * ROW_BLOCK;

  /** Columns of a piece: rows are read in long stretches, and their sums stay in the cache. */
  private static final int COLUMNS = 2048;

  /** What is computed along the axis. */
  public enum Kind {
    /** The sum. */
    SUM,
    /** The sum divided by the count; NaN for none. */
    MEAN,
    /** The largest, NaN if there is one. */
    MAX,
    /** The smallest, NaN if there is one. */
    MIN
  }

  /** Rows with fewer elements are less than a vector. */
  private static final int SHORT_ROW = 16;

  private static final int TURNED_ROWS = 256;

  private final TileKernels tiles;
  private final RowKernels rows;
  private final WorkerPool pool;

  /** Creates the driver over the given inner loops and threads. */
  public Reduce(Kernels kernels, WorkerPool pool) {
    this.tiles = kernels.tiles();
    this.rows = kernels.rows();
    this.pool = pool;
  }

  /** Writes {@code y[outer, inner]} from {@code x[outer, n, inner]}. */
  public void reduce(Kind kind, float[] x, int xo, int outer, int n, int inner, float[] y, int yo) {
    if (outer == 0 || inner == 0) {
      return;
    }
    if (inner == 1) {
      reduceRows(kind, x, xo, outer, n, y, yo);
    } else {
      reduceColumns(kind, x, xo, outer, n, inner, y, yo);
    }
  }

  private void reduceRows(Kind kind, float[] x, int xo, int outer, int n, float[] y, int yo) {
    if (kind == Kind.SUM || kind == Kind.MEAN) {
      double scale = kind == Kind.MEAN ? n : 1;
      if (n <= PART) {
        Pieces.rows(
            pool,
            outer,
            n,
            (i, end) -> {
              for (int r = i; r < end; r++) {
                y[yo + r] = (float) (rows.sum(x, xo + r * n, n, 0f) / scale);
              }
            });
      } else {
        for (int r = 0; r < outer; r++) {
          y[yo + r] = (float) (sum(x, xo + r * n, n) / scale);
        }
      }
      return;
    }
    Pieces.rows(
        pool,
        outer,
        n,
        (i, end) -> {
          if (n < SHORT_ROW) {
            extremesOfShort(kind == Kind.MAX, x, xo + i * n, end - i, n, y, yo + i);
            return;
          }
          for (int r = i; r < end; r++) {
            y[yo + r] = kind == Kind.MAX ? rows.max(x, xo + r * n, n) : rows.min(x, xo + r * n, n);
          }
        });
  }

  /** Turns some rows at a time, so that a vector holds an element of each of many. */
  private void extremesOfShort(
      boolean max, float[] x, int xo, int count, int n, float[] y, int yo) {
    float[] turned = Workspace.mine().floats(Workspace.Slot.LAYOUT, (long) TURNED_ROWS * n);
    for (int r = 0; r < count; r += TURNED_ROWS) {
      int some = Math.min(TURNED_ROWS, count - r);
      tiles.transpose(some, n, x, xo + r * n, n, turned, 0, some);
      rows.columnExtremes(max, turned, 0, n, some, some, y, yo + r);
    }
  }

  /** Returns the sum of {@code n} elements. */
  public double sum(float[] x, int offset, int n) {
    return parts(n, (from, to) -> rows.sum(x, offset + from, to - from, 0f));
  }

  /** Returns the sum of squares of {@code n} elements. */
  public double sumSquares(float[] x, int offset, int n) {
    return parts(n, (from, to) -> rows.sumSquares(x, offset + from, to - from, 0f));
  }

  private interface Part {
    double of(int from, int to);
  }

  private double parts(int n, Part part) {
    int count = divideUp(n, PART);
    if (count <= 1) {
      return part.of(0, n);
    }
    double[] totals = new double[count];
    pool.parallelFor(count, i -> totals[i] = part.of(i * PART, (int) Math.min(n, (i + 1L) * PART)));
    double sum = 0;
    for (double total : totals) {
      sum += total;
    }
    return sum;
  }

  private void reduceColumns(
      Kind kind, float[] x, int xo, int outer, int n, int inner, float[] y, int yo) {
    if (kind == Kind.SUM || kind == Kind.MEAN) {
      sumColumns(kind == Kind.MEAN ? n : 1, x, xo, outer, n, inner, y, yo);
      return;
    }
    int parts = Math.max(1, divideUp(n, ROW_PART));
    float[] partial =
        parts == 1
            ? y
            : Workspace.mine().floats(Workspace.Slot.PARTIAL, (long) outer * parts * inner);
    int base = parts == 1 ? yo : 0;
    boolean max = kind == Kind.MAX;
    pieces(
        outer,
        n,
        inner,
        (count, from, width, at) ->
            rows.columnExtremes(max, x, xo + from, count, inner, width, partial, base + at));
    for (int o = 0; parts > 1 && o < outer; o++) {
      int from = o * parts * inner;
      rows.columnExtremes(max, partial, from, parts, inner, inner, y, yo + o * inner);
    }
  }

  /** A part of the rows and some columns. */
  private interface Columns {
    /** Reduces {@code rows} rows that begin at {@code from} to one row of partial results at. */
    void reduce(int rows, int from, int width, int at);
  }

  private void pieces(int outer, int n, int inner, Columns body) {
    int parts = Math.max(1, divideUp(n, ROW_PART));
    int blocks = divideUp(inner, COLUMNS);
    Pieces.ranges(
        pool,
        outer * parts * blocks,
        Math.max(1, Pieces.GRAIN / Math.max(1, Math.min(n, ROW_PART) * Math.min(inner, COLUMNS))),
        (i, end) -> {
          for (int piece = i; piece < end; piece++) {
            int column = piece % blocks * COLUMNS;
            int part = piece / blocks % parts;
            int o = piece / blocks / parts;
            int first = part * ROW_PART;
            body.reduce(
                Math.min(n, first + ROW_PART) - first,
                (o * n + first) * inner + column,
                Math.min(COLUMNS, inner - column),
                (o * parts + part) * inner + column);
          }
        });
  }

  private void sumColumns(
      double divisor, float[] x, int xo, int outer, int n, int inner, float[] y, int yo) {
    int parts = Math.max(1, divideUp(n, ROW_PART));
    if (parts == 1) {
      pieces(
          outer,
          n,
          inner,
          (count, from, width, at) -> {
            double[] totals = Workspace.mine().totals(width);
            addColumns(x, xo + from, count, inner, width, totals, 0);
            store(totals, 0, width, divisor, y, yo + at);
          });
      return;
    }
    double[] partial = Workspace.mine().totals(outer * parts * inner);
    pieces(
        outer,
        n,
        inner,
        (count, from, width, at) -> addColumns(x, xo + from, count, inner, width, partial, at));
    for (int o = 0; o < outer; o++) {
      int first = o * parts * inner;
      for (int part = 1; part < parts; part++) {
        addRow(partial, first + part * inner, inner, partial, first);
      }
      store(partial, first, inner, divisor, y, yo + o * inner);
    }
  }

  private static void store(double[] sums, int from, int n, double divisor, float[] y, int to) {
    if (divisor == 1) {
      for (int i = 0; i < n; i++) {
        y[to + i] = (float) sums[from + i];
      }
      return;
    }
    for (int i = 0; i < n; i++) {
      y[to + i] = (float) (sums[from + i] / divisor);
    }
  }

  /** Sums {@code n} rows of {@code width} columns: a few rows in float, those sums in double. */
  private void addColumns(float[] x, int xo, int n, int ld, int width, double[] totals, int to) {
    float[] block = Workspace.mine().floats(Workspace.Slot.SUMS, width);
    Arrays.fill(totals, to, to + width, 0);
    for (int r = 0; r < n; r += ROW_BLOCK) {
      rows.columnSums(x, xo + r * ld, Math.min(ROW_BLOCK, n - r), ld, width, block);
      addBlock(block, width, totals, to);
    }
  }

  private static void addBlock(float[] block, int n, double[] totals, int to) {
    for (int i = 0; i < n; i++) {
      totals[to + i] += block[i];
    }
  }

  private static void addRow(double[] x, int xo, int n, double[] y, int yo) {
    for (int i = 0; i < n; i++) {
      y[yo + i] += x[xo + i];
    }
  }
}
