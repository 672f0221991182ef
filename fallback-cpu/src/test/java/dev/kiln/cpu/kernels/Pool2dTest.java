package dev.kiln.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.backend.Pool2dSpec;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class Pool2dTest {
  static List<Kernels> sets() {
    return KernelSets.all();
  }

  /** count, h, w, oh, ow, kernel h w, stride h w, padding h w, dilation h w, countIncludePad. */
  private static final int[][] SHAPES = {
    {0, 4, 4, 2, 2, 2, 2, 2, 2, 0, 0, 1, 1, 1},
    {3, 8, 6, 4, 3, 2, 2, 2, 2, 0, 0, 1, 1, 1},
    {3, 7, 9, 4, 5, 3, 3, 2, 2, 1, 1, 1, 1, 0},
    {3, 7, 9, 4, 5, 3, 3, 2, 2, 1, 1, 1, 1, 1},
    {2, 5, 5, 3, 3, 2, 2, 2, 2, 0, 0, 1, 1, 1}, // ceil mode
    {2, 11, 12, 5, 5, 3, 2, 2, 3, 1, 1, 1, 2, 1},
    {64, 33, 31, 16, 15, 2, 2, 2, 2, 0, 0, 1, 1, 1},
    {2, 35, 37, 35, 37, 3, 3, 1, 1, 1, 1, 1, 1, 0},
    {2, 9, 40, 3, 40, 3, 5, 3, 1, 0, 2, 1, 1, 1},
  };

  private static int in(Pool2d.Planes p) {
    return p.height() * p.width();
  }

  private static int out(Pool2d.Planes p) {
    return p.outHeight() * p.outWidth();
  }

  @ParameterizedTest
  @MethodSource("sets")
  void maxOfASquareIsTheFirstOfEqualOnesAndTheLastThatIsNotANumber(Kernels set) {
    Pool2d pool = new Pool2d(set.spans(), WorkerPool.shared());
    float[] values = {Float.NaN, 0f, -0f, 1f, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY};
    int width = 40;
    float[] x = new float[40 * width];
    int[] draws = new int[x.length];
    java.util.Random random = new java.util.Random(7);
    for (int i = 0; i < x.length; i++) {
      draws[i] = random.nextInt(values.length);
      x[i] = values[draws[i]];
    }
    Pool2dSpec spec = new Pool2dSpec(2, 2, 2, 2, 0, 0, 1, 1, false);
    float[] y = new float[400];
    int[] at = new int[400];
    pool.max(new Pool2d.Planes(1, 40, width, 20, 20), spec, x, 0, y, 0, at, 0);
    for (int o = 0; o < 400; o++) {
      int corner = o / 20 * 2 * width + o % 20 * 2;
      int best = corner;
      for (int i : new int[] {corner + 1, corner + width, corner + width + 1}) {
        if (x[i] > x[best] || draws[i] == 0) {
          best = i;
        }
      }
      assertThat(at[o]).isEqualTo(best);
      assertThat(Float.floatToRawIntBits(y[o])).isEqualTo(Float.floatToRawIntBits(x[best]));
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void maxOfOverlappingWindowsKeepsTheSameRule(Kernels set) {
    Pool2d pool = new Pool2d(set.spans(), WorkerPool.shared());
    float[] values = {Float.NEGATIVE_INFINITY, Float.NaN, 0f, 1f, Float.NEGATIVE_INFINITY};
    java.util.Random random = new java.util.Random(9);
    // kernel, stride, padding, dilation
    for (int[] w : new int[][] {{3, 2, 1, 1}, {3, 1, 1, 1}, {2, 1, 0, 2}, {5, 2, 2, 1}}) {
      int side = 23;
      int out = (side + 2 * w[2] - w[3] * (w[0] - 1) - 1) / w[1] + 1;
      float[] x = new float[side * side];
      for (int i = 0; i < x.length; i++) {
        x[i] = values[random.nextInt(i < x.length / 2 ? 1 : values.length)];
      }
      Pool2dSpec spec = new Pool2dSpec(w[0], w[0], w[1], w[1], w[2], w[2], w[3], w[3], false);
      float[] y = new float[out * out];
      int[] at = new int[out * out];
      pool.max(new Pool2d.Planes(1, side, side, out, out), spec, x, 0, y, 0, at, 0);
      for (int o = 0; o < out * out; o++) {
        int best = -1;
        for (int t = 0; t < w[0] * w[0]; t++) {
          int h = o / out * w[1] - w[2] + t / w[0] * w[3];
          int c = o % out * w[1] - w[2] + t % w[0] * w[3];
          if (h >= 0 && h < side && c >= 0 && c < side) {
            float v = x[h * side + c];
            best = best < 0 || v > x[best] || Float.isNaN(v) ? h * side + c : best;
          }
        }
        assertThat(at[o]).isEqualTo(best);
        assertThat(Float.floatToRawIntBits(y[o])).isEqualTo(Float.floatToRawIntBits(x[best]));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void maxAndAverageAgreeWithLoops(Kernels set) {
    Pool2d pool = new Pool2d(set.spans(), WorkerPool.shared());
    for (int[] s : SHAPES) {
      Pool2d.Planes p = new Pool2d.Planes(s[0], s[1], s[2], s[3], s[4]);
      Pool2dSpec spec =
          new Pool2dSpec(s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[12], s[13] == 1);
      float[] x = Check.random(1, p.planes() * in(p));
      for (int i = 0; i < x.length; i++) {
        x[i] = Math.round(x[i] * 2); // many ties
      }
      int out = p.planes() * out(p);
      float[] dy = Check.random(2, out);
      double[] max = new double[out];
      int[] at = new int[out];
      double[] avg = new double[out];
      double[] dMax = new double[x.length];
      double[] dAvg = new double[x.length];
      boolean average = s[11] == 1 && s[12] == 1;
      for (int o = 0; o < out; o++) {
        int plane = o / out(p);
        int r = o % out(p) / p.outWidth();
        int c = o % p.outWidth();
        max[o] = Double.NEGATIVE_INFINITY;
        int padded = 0;
        int real = 0;
        for (int pass = 0; pass < 2; pass++) {
          for (int i = 0; i < s[5]; i++) {
            for (int j = 0; j < s[6]; j++) {
              int h = r * s[7] - s[9] + i * s[11];
              int w = c * s[8] - s[10] + j * s[12];
              boolean inside = h >= 0 && h < s[1] && w >= 0 && w < s[2];
              int ix = plane * in(p) + h * s[2] + w;
              if (pass == 0) {
                padded += h < s[1] + s[9] && w < s[2] + s[10] ? 1 : 0;
                real += inside ? 1 : 0;
                if (inside && x[ix] > max[o]) {
                  max[o] = x[ix];
                  at[o] = h * s[2] + w;
                }
              } else if (inside) {
                int count = spec.countIncludePad() ? padded : real;
                avg[o] += (double) x[ix] / count;
                dAvg[ix] += (double) dy[o] / count;
              }
            }
          }
        }
        dMax[plane * in(p) + at[o]] += dy[o];
      }
      float[] y = new float[out];
      int[] index = new int[out];
      pool.max(p, spec, x, 0, y, 0, index, 0);
      Check.close("max", y, max, 0, 0);
      assertThat(index).isEqualTo(at);
      float[] dx = new float[x.length];
      Arrays.fill(dx, 9f);
      pool.maxGradient(p, dy, 0, index, 0, dx, 0);
      Check.close("max gradient", dx, dMax, 1, 1e-6);
      if (average) {
        pool.average(p, spec, x, 0, y, 0);
        Check.close("average", y, avg, 1, 1e-6);
        Arrays.fill(dx, 9f);
        pool.averageGradient(p, spec, dy, 0, dx, 0);
        Check.close("average gradient", dx, dAvg, 1, 1e-6);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void maxLetsNaNWin(Kernels set) {
    Pool2d pool = new Pool2d(set.spans(), WorkerPool.shared());
    Pool2d.Planes p = new Pool2d.Planes(1, 2, 2, 1, 1);
    for (int at = 0; at < 4; at++) {
      float[] x = {1, 2, 3, 4};
      x[at] = Float.NaN;
      for (int padding = 0; padding < 2; padding++) {
        float[] y = new float[1];
        int[] index = new int[1];
        int k = 2 + padding;
        pool.max(p, new Pool2dSpec(k, k, 2, 2, padding, padding, 1, 1, true), x, 0, y, 0, index, 0);
        assertThat(y[0]).isNaN();
        assertThat(index[0]).isEqualTo(at);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void adaptiveAverageFollowsTheWindowRule(Kernels set) {
    Pool2d pool = new Pool2d(set.spans(), WorkerPool.shared());
    for (int[] s :
        new int[][] {{2, 7, 5, 1, 1}, {3, 7, 10, 3, 4}, {2, 3, 3, 5, 7}, {1, 6, 6, 3, 3}}) {
      Pool2d.Planes p = new Pool2d.Planes(s[0], s[1], s[2], s[3], s[4]);
      float[] x = Check.random(1, p.planes() * in(p));
      int out = p.planes() * out(p);
      float[] dy = Check.random(2, out);
      double[] want = new double[out];
      double[] wantDx = new double[x.length];
      for (int o = 0; o < out; o++) {
        int plane = o / out(p);
        int r = o % out(p) / p.outWidth();
        int c = o % p.outWidth();
        int h0 = (int) Math.floor((double) r * s[1] / s[3]);
        int h1 = (int) Math.ceil((r + 1.0) * s[1] / s[3]);
        int w0 = (int) Math.floor((double) c * s[2] / s[4]);
        int w1 = (int) Math.ceil((c + 1.0) * s[2] / s[4]);
        double count = (h1 - h0) * (w1 - w0);
        for (int h = h0; h < h1; h++) {
          for (int w = w0; w < w1; w++) {
            int ix = plane * in(p) + h * s[2] + w;
            want[o] += x[ix] / count;
            wantDx[ix] += dy[o] / count;
          }
        }
      }
      float[] y = new float[out];
      pool.adaptiveAverage(p, x, 0, y, 0);
      Check.close("adaptive", y, want, 1, 1e-6);
      float[] dx = new float[x.length];
      pool.adaptiveAverageGradient(p, dy, 0, dx, 0);
      Check.close("adaptive gradient", dx, wantDx, 1, 1e-6);
    }
  }
}
