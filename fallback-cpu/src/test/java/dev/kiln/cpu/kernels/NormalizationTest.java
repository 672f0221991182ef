package dev.kiln.cpu.kernels;

import dev.kiln.cpu.threads.WorkerPool;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NormalizationTest {
  private static final float[] NONE = {};

  static List<Kernels> sets() {
    return KernelSets.all();
  }

  /** Normalised values, gradients and statistics of one group of elements, in double. */
  private static double[] xhat(double[] x, double eps, double[] stats) {
    double mean = 0;
    for (double v : x) {
      mean += v / x.length;
    }
    double var = 0;
    for (double v : x) {
      var += (v - mean) * (v - mean) / x.length;
    }
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = (x[i] - mean) / Math.sqrt(var + eps);
    }
    stats[0] = mean;
    stats[1] = var;
    return y;
  }

  /** dx of a normalised group from dy times weight. */
  private static double[] back(double[] g, double[] xhat, double inv) {
    double sum = 0;
    double dot = 0;
    for (int i = 0; i < g.length; i++) {
      sum += g[i] / g.length;
      dot += g[i] * xhat[i] / g.length;
    }
    double[] dx = new double[g.length];
    for (int i = 0; i < g.length; i++) {
      dx[i] = inv * (g[i] - sum - xhat[i] * dot);
    }
    return dx;
  }

  @ParameterizedTest
  @MethodSource("sets")
  void batch(Kernels set) {
    Normalization norm = new Normalization(set, WorkerPool.shared());
    double eps = 1e-5;
    for (int[] s : new int[][] {{2, 1, 1}, {4, 3, 7}, {5, 7, 33}, {3, 20, 1025}, {100, 31, 1}}) {
      int n = s[0];
      int channels = s[1];
      int inner = s[2];
      int size = n * channels * inner;
      float[] x = Check.random(1, size);
      float[] dy = Check.random(2, size);
      for (int i = 0; i < size; i++) {
        x[i] += 1000; // one pass in float would lose the variance
      }
      for (boolean affine : new boolean[] {true, false}) {
        float[] w = affine ? Check.random(3, channels) : NONE;
        float[] b = affine ? Check.random(4, channels) : NONE;
        float[] rm = Check.random(5, channels);
        float[] rv = Check.random(6, channels);
        int c2 = 2 * channels;
        double[] want = new double[size + 4 * channels];
        double[] wantBack = new double[size + c2];
        for (int c = 0; c < channels; c++) {
          double[] v = new double[n * inner];
          double[] g = new double[n * inner];
          double weight = affine ? w[c] : 1;
          for (int i = 0; i < v.length; i++) {
            int at = (i / inner * channels + c) * inner + i % inner;
            v[i] = x[at];
            g[i] = dy[at] * weight;
          }
          double[] stats = new double[2];
          double[] h = xhat(v, eps, stats);
          double inv = 1 / Math.sqrt(stats[1] + eps);
          double[] dx = back(g, h, inv);
          double dw = 0;
          double db = 0;
          for (int i = 0; i < v.length; i++) {
            int at = (i / inner * channels + c) * inner + i % inner;
            want[at] = h[i] * weight + (affine ? b[c] : 0);
            wantBack[at] = dx[i];
            dw += dy[at] * h[i];
            db += dy[at];
          }
          want[size + c] = stats[0];
          want[size + channels + c] = inv;
          want[size + c2 + c] = 0.9 * rm[c] + 0.1 * stats[0];
          want[size + c2 + channels + c] =
              0.9 * rv[c] + 0.1 * stats[1] * v.length / (v.length - 1.0);
          wantBack[size + c] = dw;
          wantBack[size + channels + c] = db;
        }
        float[] got =
            Check.sameBits(
                "batchNorm",
                () -> {
                  float[] out = new float[size + 4 * channels];
                  System.arraycopy(rm, 0, out, size + c2, channels);
                  System.arraycopy(rv, 0, out, size + c2 + channels, channels);
                  norm.batchTrain(
                      x,
                      0,
                      out,
                      0,
                      n,
                      channels,
                      inner,
                      w,
                      0,
                      b,
                      0,
                      out,
                      size,
                      out,
                      size + channels,
                      out,
                      size + c2,
                      out,
                      size + c2 + channels,
                      0.1,
                      eps);
                  return out;
                });
        // x itself is only known to 3e-5 at 1000, so single pairs of values amplify that.
        Check.close(
            set + " batchNorm " + n + " " + channels + " " + inner,
            got,
            want,
            1,
            n * inner < 3 ? 2e-4 : 5e-6);
        float[] back =
            Check.sameBits(
                "batchNorm gradient",
                () -> {
                  float[] out = new float[size + c2];
                  norm.batchTrainGradient(
                      dy,
                      0,
                      x,
                      0,
                      out,
                      0,
                      n,
                      channels,
                      inner,
                      w,
                      0,
                      got,
                      size,
                      got,
                      size + channels,
                      out,
                      size,
                      out,
                      size + channels);
                  return out;
                });
        if (n * inner > 2) {
          Check.close(set + " batchNorm gradient", back, wantBack, Math.sqrt(n * inner), 1e-4);
        }
        float[] eval = new float[size];
        float[] var = new float[channels];
        java.util.Arrays.fill(var, 2.5f);
        norm.channelAffine(x, 0, eval, 0, n, channels, inner, w, 0, b, 0, rm, 0, var, 0, eps);
        double[] wantEval = new double[size];
        for (int i = 0; i < size; i++) {
          int c = i / inner % channels;
          wantEval[i] =
              (x[i] - rm[c]) / Math.sqrt(2.5 + eps) * (affine ? w[c] : 1) + (affine ? b[c] : 0);
        }
        Check.close(set + " batchNorm eval", eval, wantEval, 1, 1e-6);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void layer(Kernels set) {
    Normalization norm = new Normalization(set, WorkerPool.shared());
    double eps = 1e-5;
    for (int[] s : new int[][] {{0, 4}, {1, 7}, {33, 31}, {100, 100}, {40, 1025}}) {
      int rows = s[0];
      int n = s[1];
      int size = rows * n;
      float[] x = Check.random(1, size);
      float[] dy = Check.random(2, size);
      for (boolean affine : new boolean[] {true, false}) {
        float[] w = affine ? Check.random(3, n) : NONE;
        float[] b = affine ? Check.random(4, n) : NONE;
        double[] want = new double[size + 2 * rows];
        double[] wantBack = new double[size + 2 * n];
        for (int r = 0; r < rows; r++) {
          double[] v = new double[n];
          double[] g = new double[n];
          for (int j = 0; j < n; j++) {
            v[j] = x[r * n + j];
            g[j] = dy[r * n + j] * (affine ? w[j] : 1);
          }
          double[] stats = new double[2];
          double[] h = xhat(v, eps, stats);
          double inv = 1 / Math.sqrt(stats[1] + eps);
          double[] dx = back(g, h, inv);
          for (int j = 0; j < n; j++) {
            want[r * n + j] = h[j] * (affine ? w[j] : 1) + (affine ? b[j] : 0);
            wantBack[r * n + j] = dx[j];
            wantBack[size + j] += dy[r * n + j] * h[j];
            wantBack[size + n + j] += dy[r * n + j];
          }
          want[size + r] = stats[0];
          want[size + rows + r] = inv;
        }
        float[] got =
            Check.sameBits(
                "layerNorm",
                () -> {
                  float[] out = new float[size + 2 * rows];
                  norm.layer(x, 0, out, 0, rows, n, w, 0, b, 0, out, size, out, size + rows, eps);
                  return out;
                });
        Check.close(set + " layerNorm " + rows + " " + n, got, want, 1, 3e-6);
        float[] back =
            Check.sameBits(
                "layerNorm gradient",
                () -> {
                  float[] out = new float[size + 2 * n];
                  norm.layerGradient(
                      dy,
                      0,
                      x,
                      0,
                      out,
                      0,
                      rows,
                      n,
                      w,
                      0,
                      got,
                      size,
                      got,
                      size + rows,
                      out,
                      size,
                      out,
                      size + n);
                  return out;
                });
        Check.close(
            set + " layerNorm gradient", back, wantBack, Math.sqrt(Math.max(1, rows)), 3e-6);
      }
    }
  }
}
