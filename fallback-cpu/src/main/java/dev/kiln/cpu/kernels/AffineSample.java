package dev.kiln.cpu.kernels;

import dev.kiln.backend.Sampling;
import dev.kiln.backend.Sampling.Filter;
import dev.kiln.backend.Sampling.Padding;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.Arrays;

/**
 * Samples image planes at the points of affine maps, one stretch of output rows after another on
 * each thread.
 *
 * <p>The points of a row are computed once for all channels. Rows that are whole pixels of one
 * input row, as after a flip or a crop, are copied.
 */
public final class AffineSample {
  private static final int PIECE_PIXELS = 4096;

  private final WorkerPool pool;

  /** Creates the kernel over the given threads. */
  public AffineSample(WorkerPool pool) {
    this.pool = pool;
  }

  /**
   * The sizes.
   *
   * @param images how many
   * @param channels of each
   * @param h input rows
   * @param w input columns
   * @param outH output rows
   * @param outW output columns
   */
  public record Sizes(int images, int channels, int h, int w, int outH, int outW) {}

  /**
   * Samples; as {@link dev.kiln.backend.FusedOps#affineSample} says.
   *
   * @param divisor what sampled values are divided by: 255 for bytes, else 1
   * @param fill one value per channel, on the scale of x
   */
  public void run(
      Sizes s,
      Sampling sampling,
      float divisor,
      float[] x,
      int xo,
      float[] theta,
      int to,
      float[] fill,
      float[] y,
      int yo) {
    int rows = Math.max(1, PIECE_PIXELS / Math.max(1, s.outW()));
    int perImage = (s.outH() + rows - 1) / rows;
    pool.parallelFor(
        s.images() * perImage,
        piece -> {
          int image = piece / perImage;
          int first = piece % perImage * rows;
          Row row = new Row(s, sampling, x, fill);
          for (int i = first; i < Math.min(s.outH(), first + rows); i++) {
            row.sample(theta, to + 6 * image, i, xo, image, y, yo);
          }
          if (divisor != 1) {
            for (int c = 0; c < s.channels(); c++) {
              int plane = yo + (image * s.channels() + c) * s.outH() * s.outW();
              int end = plane + Math.min(s.outH(), first + rows) * s.outW();
              for (int at = plane + first * s.outW(); at < end; at++) {
                y[at] /= divisor;
              }
            }
          }
        });
  }

  /** One output row at a time, with room for its points. */
  private static final class Row {
    private final Sizes s;
    private final boolean nearest;
    private final Padding padding;
    private final float[] x;
    private final float[] fill;
    private final float[] px;
    private final float[] py;

    Row(Sizes s, Sampling sampling, float[] x, float[] fill) {
      this.s = s;
      this.nearest = sampling.filter() == Filter.NEAREST;
      this.padding = sampling.padding();
      this.x = x;
      this.fill = fill;
      px = new float[s.outW()];
      py = new float[s.outW()];
    }

    void sample(float[] theta, int t, int i, int xo, int image, float[] y, int yo) {
      float a = theta[t];
      float bi = theta[t + 1] * (i + 0.5f);
      float c = theta[t + 2] - 0.5f;
      float d = theta[t + 3];
      float ei = theta[t + 4] * (i + 0.5f);
      float f = theta[t + 5] - 0.5f;
      float start = a * 0.5f + bi + c;
      float line = ei + f;
      boolean whole =
          d == 0
              && (a == 1 || a == -1)
              && padding == Padding.CONSTANT
              && theta[t + 1] == 0
              && isWhole(start)
              && isWhole(line);
      if (!whole) {
        for (int j = 0; j < s.outW(); j++) {
          px[j] = a * (j + 0.5f) + bi + c;
          py[j] = d * (j + 0.5f) + ei + f;
        }
        settle(px, s.w());
        settle(py, s.h());
      }
      for (int k = 0; k < s.channels(); k++) {
        int plane = image * s.channels() + k;
        int from = xo + plane * s.h() * s.w();
        int to = yo + (plane * s.outH() + i) * s.outW();
        if (whole) {
          copy(from, (int) start, a > 0, (int) line, fill[k], y, to);
        } else if (nearest) {
          nearest(from, fill[k], y, to);
        } else {
          bilinear(from, fill[k], y, to);
        }
      }
    }

    /** Whether it is an integer so small that its neighbours' sums are exact. */
    private static boolean isWhole(float v) {
      return v == (int) v && Math.abs(v) < 1 << 22;
    }

    /** Brings coordinates inside, as the padding says. */
    private void settle(float[] p, int size) {
      if (padding == Padding.REFLECTION) {
        for (int j = 0; j < p.length; j++) {
          float turn = Math.abs(p[j] + 0.5f) % (2f * size);
          p[j] = Math.min(turn, 2f * size - turn) - 0.5f;
        }
      }
      if (padding != Padding.CONSTANT) {
        for (int j = 0; j < p.length; j++) {
          p[j] = Math.max(0, Math.min(size - 1, p[j]));
        }
      }
    }

    private void copy(
        int from, int start, boolean forward, int line, float outside, float[] y, int to) {
      int n = s.outW();
      if (line < 0 || line >= s.h()) {
        Arrays.fill(y, to, to + n, outside);
        return;
      }
      int row = from + line * s.w();
      int first = Math.min(n, Math.max(0, forward ? -start : start - s.w() + 1));
      int last = Math.max(first, Math.min(n, forward ? s.w() - start : start + 1));
      Arrays.fill(y, to, to + first, outside);
      if (forward) {
        System.arraycopy(x, row + start + first, y, to + first, last - first);
      } else {
        for (int j = first; j < last; j++) {
          y[to + j] = x[row + start - j];
        }
      }
      Arrays.fill(y, to + last, to + n, outside);
    }

    private void nearest(int from, float outside, float[] y, int to) {
      int h = s.h();
      int w = s.w();
      for (int j = 0; j < px.length; j++) {
        // A NaN is outside too.
        boolean near = px[j] > -1 && px[j] < w && py[j] > -1 && py[j] < h;
        int column = near ? (int) Math.rint(px[j]) : -1;
        int row = near ? (int) Math.rint(py[j]) : -1;
        boolean in = column >= 0 && column < w && row >= 0 && row < h;
        y[to + j] = in ? x[from + row * w + column] : outside;
      }
    }

    private void bilinear(int from, float outside, float[] y, int to) {
      int h = s.h();
      int w = s.w();
      for (int j = 0; j < px.length; j++) {
        float u = px[j];
        float v = py[j];
        if (!(u > -1 && u < w && v > -1 && v < h)) {
          y[to + j] = outside;
          continue;
        }
        // Both are above -1, where casting u + 1 rounds down.
        int x0 = (int) (u + 1) - 1;
        int y0 = (int) (v + 1) - 1;
        if (x0 > u) {
          x0--;
        }
        if (y0 > v) {
          y0--;
        }
        float tx = u - x0;
        float ty = v - y0;
        float sx = 1 - tx;
        float sy = 1 - ty;
        int at = from + y0 * w + x0;
        if (x0 >= 0 && y0 >= 0 && x0 < w - 1 && y0 < h - 1) {
          y[to + j] =
              x[at] * (sx * sy)
                  + x[at + 1] * (tx * sy)
                  + x[at + w] * (sx * ty)
                  + x[at + w + 1] * (tx * ty);
          continue;
        }
        boolean left = x0 >= 0;
        boolean right = x0 < w - 1;
        boolean up = y0 >= 0;
        boolean down = y0 < h - 1;
        y[to + j] =
            (left && up ? x[at] : outside) * (sx * sy)
                + (right && up ? x[at + 1] : outside) * (tx * sy)
                + (left && down ? x[at + w] : outside) * (sx * ty)
                + (right && down ? x[at + w + 1] : outside) * (tx * ty);
      }
    }
  }
}
