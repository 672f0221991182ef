package dev.kiln.cpu.kernels;

import dev.kiln.backend.Pool2dSpec;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Pooling of image planes, one plane after another on each thread.
 *
 * <p>Averages clip and count their windows as PyTorch does: a window that hangs over the padded
 * border counts only what lies inside it.
 */
public final class Pool2d {
  private static final int PIECE_ELEMENTS = 16_384;
  private static final float NOWHERE = -1f;

  private final SpanKernels spans;
  private final WorkerPool pool;

  /** Creates the driver over the given inner loops and threads. */
  public Pool2d(SpanKernels spans, WorkerPool pool) {
    this.spans = spans;
    this.pool = pool;
  }

  /**
   * The sizes of a pooling.
   *
   * @param planes images times channels
   * @param height input rows
   * @param width input columns
   * @param outHeight output rows
   * @param outWidth output columns
   */
  public record Planes(int planes, int height, int width, int outHeight, int outWidth) {
    int in() {
      return height * width;
    }

    int out() {
      return outHeight * outWidth;
    }
  }

  private void forEachPlane(Planes s, IntConsumer body) {
    int each = Math.max(1, PIECE_ELEMENTS / Math.max(1, s.in()));
    int pieces = (s.planes() + each - 1) / each;
    pool.parallelFor(
        pieces,
        piece -> {
          int end = Math.min(s.planes(), (piece + 1) * each);
          for (int p = piece * each; p < end; p++) {
            body.accept(p);
          }
        });
  }

  /** Sets y to the largest of each window and index to where in its plane it stood. */
  public void max(
      Planes s, Pool2dSpec w, float[] x, int xo, float[] y, int yo, int[] index, int io) {
    boolean tiles =
        w.kernelH() == 2
            && w.kernelW() == 2
            && w.strideH() == 2
            && w.strideW() == 2
            && w.paddingH() == 0
            && w.paddingW() == 0
            && w.dilationH() == 1
            && w.dilationW() == 1
            && 2 * s.outHeight() <= s.height()
            && 2 * s.outWidth() <= s.width()
            && s.out() > 0;
    forEachPlane(
        s,
        p -> {
          int from = xo + p * s.in();
          int to = yo + p * s.out();
          int at = io + p * s.out();
          if (tiles) {
            spans.squareMax(x, from, s.width(), s.outHeight(), s.outWidth(), y, to, index, at);
          } else if (w.strideW() <= 2) {
            maxRows(s, w, x, from, y, to, index, at);
          } else {
            maxPlane(s, w, x, from, y, to, index, at);
          }
        });
  }

  /**
   * Windows that overlap, row by row of output: for every column of the padded input the largest so
   * far is kept, in vectors, tap after tap; of strided columns some are computed in vain.
   */
  private void maxRows(
      Planes s, Pool2dSpec w, float[] x, int xo, float[] y, int yo, int[] index, int io) {
    int n = (s.outWidth() - 1) * w.strideW() + 1;
    int columns = n + w.dilationW() * (w.kernelW() - 1);
    int known = known(s, w, columns);
    Workspace mine = Workspace.mine();
    float[] row = mine.floats(Workspace.Slot.IMAGE, columns);
    float[] best = mine.floats(Workspace.Slot.PARTIAL, n);
    float[] place = mine.floats(Workspace.Slot.COLUMNS, n);
    Arrays.fill(row, 0, columns, Float.NEGATIVE_INFINITY);
    for (int oh = 0; oh < s.outHeight(); oh++) {
      Arrays.fill(best, 0, n, Float.NEGATIVE_INFINITY);
      Arrays.fill(place, 0, n, NOWHERE);
      int top = oh * w.strideH() - w.paddingH();
      for (int i = 0; i < w.kernelH(); i++) {
        int h = top + i * w.dilationH();
        if (h >= 0 && h < s.height()) {
          System.arraycopy(x, xo + h * s.width(), row, w.paddingW(), known);
          for (int j = 0; j < w.kernelW(); j++) {
            spans.keepMax(row, j * w.dilationW(), n, i * w.kernelW() + j, best, place);
          }
        }
      }
      for (int ow = 0; ow < s.outWidth(); ow++) {
        int c = ow * w.strideW();
        y[yo++] = best[c];
        index[io++] =
            place[c] == NOWHERE
                ? first(s, w, top, c - w.paddingW())
                : (top + (int) place[c] / w.kernelW() * w.dilationH()) * s.width()
                    + c
                    - w.paddingW()
                    + (int) place[c] % w.kernelW() * w.dilationW();
      }
    }
  }

  /** The first pixel of a window of nothing but negative infinities, or -1 if it has none. */
  private static int first(Planes s, Pool2dSpec w, int top, int left) {
    int h = first(top, w.dilationH());
    int c = first(left, w.dilationW());
    boolean some =
        h < Math.min(s.height(), top + span(w.kernelH(), w.dilationH()))
            && c < Math.min(s.width(), left + span(w.kernelW(), w.dilationW()));
    return some ? h * s.width() + c : -1;
  }

  private static void maxPlane(
      Planes s, Pool2dSpec w, float[] x, int xo, float[] y, int yo, int[] index, int io) {
    for (int oh = 0; oh < s.outHeight(); oh++) {
      int h0 = first(oh * w.strideH() - w.paddingH(), w.dilationH());
      int h1 =
          Math.min(s.height(), oh * w.strideH() - w.paddingH() + span(w.kernelH(), w.dilationH()));
      for (int ow = 0; ow < s.outWidth(); ow++) {
        int w0 = first(ow * w.strideW() - w.paddingW(), w.dilationW());
        int w1 =
            Math.min(s.width(), ow * w.strideW() - w.paddingW() + span(w.kernelW(), w.dilationW()));
        float best = Float.NEGATIVE_INFINITY;
        int where = h0 < h1 && w0 < w1 ? h0 * s.width() + w0 : -1;
        for (int h = h0; h < h1; h += w.dilationH()) {
          for (int c = w0; c < w1; c += w.dilationW()) {
            float v = x[xo + h * s.width() + c];
            if (v > best || Float.isNaN(v)) {
              best = v;
              where = h * s.width() + c;
            }
          }
        }
        y[yo++] = best;
        index[io++] = where;
      }
    }
  }

  /** The first tap of a window that is not before the image. */
  private static int first(int start, int dilation) {
    return start >= 0 ? start : start + (-start + dilation - 1) / dilation * dilation;
  }

  private static int span(int kernel, int dilation) {
    return dilation * (kernel - 1) + 1;
  }

  /** Sends each gradient to where the largest stood. */
  public void maxGradient(Planes s, float[] dy, int dyo, int[] index, int io, float[] dx, int dxo) {
    forEachPlane(
        s,
        p -> {
          int to = dxo + p * s.in();
          Arrays.fill(dx, to, to + s.in(), 0f);
          int from = dyo + p * s.out();
          int at = io + p * s.out();
          for (int i = 0; i < s.out(); i++) {
            if (index[at + i] >= 0) {
              dx[to + index[at + i]] += dy[from + i];
            }
          }
        });
  }

  /**
   * Sets y to the mean of each window: for a row of output the rows of its windows are added up,
   * then of that sum the columns; of strided columns some are computed in vain.
   */
  public void average(Planes s, Pool2dSpec w, float[] x, int xo, float[] y, int yo) {
    int n = Math.max(0, (s.outWidth() - 1) * w.strideW() + 1);
    int columns = n + w.kernelW() - 1;
    int known = known(s, w, columns);
    float[] widths = widths(s, w);
    forEachPlane(
        s,
        p -> {
          Workspace mine = Workspace.mine();
          float[] row = mine.floats(Workspace.Slot.IMAGE, columns);
          float[] sums = mine.floats(Workspace.Slot.PARTIAL, n);
          int to = yo + p * s.out();
          for (int oh = 0; oh < s.outHeight(); oh++, to += s.outWidth()) {
            int top = oh * w.strideH() - w.paddingH();
            Arrays.fill(row, 0, columns, 0f);
            for (int h = Math.max(0, top); h < Math.min(s.height(), top + w.kernelH()); h++) {
              int from = xo + p * s.in() + h * s.width();
              spans.add(row, w.paddingW(), row, w.paddingW(), x, from, known);
            }
            System.arraycopy(row, 0, sums, 0, n);
            for (int j = 1; j < w.kernelW(); j++) {
              spans.add(sums, 0, sums, 0, row, j, n);
            }
            float height = extent(top, w.kernelH(), s.height(), w.paddingH(), w.countIncludePad());
            for (int ow = 0; ow < s.outWidth(); ow++) {
              y[to + ow] = sums[ow * w.strideW()] / (height * widths[ow]);
            }
          }
        });
  }

  /** Spreads each gradient over its window, a row of windows at a time. */
  public void averageGradient(Planes s, Pool2dSpec w, float[] dy, int dyo, float[] dx, int dxo) {
    int n = Math.max(0, (s.outWidth() - 1) * w.strideW() + 1);
    int columns = n + w.kernelW() - 1;
    int known = known(s, w, columns);
    float[] widths = widths(s, w);
    forEachPlane(
        s,
        p -> {
          Workspace mine = Workspace.mine();
          float[] each = mine.floats(Workspace.Slot.PARTIAL, n);
          float[] row = mine.floats(Workspace.Slot.IMAGE, columns);
          Arrays.fill(each, 0, n, 0f);
          int plane = dxo + p * s.in();
          Arrays.fill(dx, plane, plane + s.in(), 0f);
          int from = dyo + p * s.out();
          for (int oh = 0; oh < s.outHeight(); oh++, from += s.outWidth()) {
            int top = oh * w.strideH() - w.paddingH();
            float height = extent(top, w.kernelH(), s.height(), w.paddingH(), w.countIncludePad());
            for (int ow = 0; ow < s.outWidth(); ow++) {
              each[ow * w.strideW()] = dy[from + ow] / (height * widths[ow]);
            }
            Arrays.fill(row, 0, columns, 0f);
            for (int j = 0; j < w.kernelW(); j++) {
              spans.add(row, j, row, j, each, 0, n);
            }
            for (int h = Math.max(0, top); h < Math.min(s.height(), top + w.kernelH()); h++) {
              int to = plane + h * s.width();
              spans.add(dx, to, dx, to, row, w.paddingW(), known);
            }
          }
        });
  }

  /** How many of a row's pixels some window sees. */
  private static int known(Planes s, Pool2dSpec w, int columns) {
    return Math.max(0, Math.min(s.width(), columns - w.paddingW()));
  }

  /** How many columns of each window count. */
  private static float[] widths(Planes s, Pool2dSpec w) {
    float[] widths = new float[s.outWidth()];
    for (int ow = 0; ow < widths.length; ow++) {
      int left = ow * w.strideW() - w.paddingW();
      widths[ow] = extent(left, w.kernelW(), s.width(), w.paddingW(), w.countIncludePad());
    }
    return widths;
  }

  /**
   * How much of a window from {@code start} on counts along an axis; 1 of one that sees nothing.
   */
  private static float extent(int start, int kernel, int size, int padding, boolean padded) {
    int end = Math.min(start + kernel, size + padding);
    return Math.max(1, padded ? end - start : Math.min(size, end) - Math.max(0, start));
  }

  private static void add(
      Planes s, float[] dx, int to, int h0, int h1, int w0, int w1, float value) {
    for (int h = h0; h < h1; h++) {
      int row = to + h * s.width();
      for (int c = w0; c < w1; c++) {
        dx[row + c] += value;
      }
    }
  }

  /** Sets y to the mean of each part of a grid over the plane. */
  public void adaptiveAverage(Planes s, float[] x, int xo, float[] y, int yo) {
    forEachPlane(
        s,
        p -> {
          int to = yo + p * s.out();
          for (int oh = 0; oh < s.outHeight(); oh++) {
            int h0 = start(oh, s.height(), s.outHeight());
            int h1 = end(oh, s.height(), s.outHeight());
            for (int ow = 0; ow < s.outWidth(); ow++) {
              int w0 = start(ow, s.width(), s.outWidth());
              int w1 = end(ow, s.width(), s.outWidth());
              float sum = 0;
              for (int h = h0; h < h1; h++) {
                int row = xo + p * s.in() + h * s.width();
                for (int c = w0; c < w1; c++) {
                  sum += x[row + c];
                }
              }
              y[to++] = sum / ((h1 - h0) * (w1 - w0));
            }
          }
        });
  }

  /** Spreads each gradient over its part of the grid. */
  public void adaptiveAverageGradient(Planes s, float[] dy, int dyo, float[] dx, int dxo) {
    forEachPlane(
        s,
        p -> {
          int to = dxo + p * s.in();
          Arrays.fill(dx, to, to + s.in(), 0f);
          int from = dyo + p * s.out();
          for (int oh = 0; oh < s.outHeight(); oh++) {
            int h0 = start(oh, s.height(), s.outHeight());
            int h1 = end(oh, s.height(), s.outHeight());
            for (int ow = 0; ow < s.outWidth(); ow++) {
              int w0 = start(ow, s.width(), s.outWidth());
              int w1 = end(ow, s.width(), s.outWidth());
              add(s, dx, to, h0, h1, w0, w1, dy[from++] / ((h1 - h0) * (w1 - w0)));
            }
          }
        });
  }

  private static int start(int i, int size, int parts) {
    return (int) ((long) i * size / parts);
  }

  private static int end(int i, int size, int parts) {
    return (int) (((long) (i + 1) * size + parts - 1) / parts);
  }
}
