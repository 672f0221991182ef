package dev.kiln.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.cpu.threads.WorkerPool;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SoftmaxTest {
  static List<Kernels> sets() {
    return KernelSets.all();
  }

  private static double[] logSoftmax(float[] x, int rows, int n) {
    double[] y = new double[rows * n];
    for (int r = 0; r < rows; r++) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < n; j++) {
        max = Math.max(max, x[r * n + j]);
      }
      double sum = 0;
      for (int j = 0; j < n; j++) {
        sum += Math.exp(x[r * n + j] - max);
      }
      for (int j = 0; j < n; j++) {
        y[r * n + j] = x[r * n + j] - max - Math.log(sum);
      }
    }
    return y;
  }

  @ParameterizedTest
  @MethodSource("sets")
  void agreesWithDoubleLoops(Kernels set) {
    Softmax softmax = new Softmax(set, WorkerPool.shared());
    for (int[] s : new int[][] {{0, 5}, {3, 0}, {4, 1}, {5, 7}, {3, 33}, {70, 100}, {9, 1025}}) {
      int rows = s[0];
      int n = s[1];
      float[] x = Check.random(1, rows * n);
      for (int i = 0; i < x.length; i++) {
        x[i] = x[i] * 4 + 900; // would overflow without the shift
      }
      float[] dy = Check.random(2, rows * n);
      double[] logp = logSoftmax(x, rows, n);
      for (boolean log : new boolean[] {false, true}) {
        double[] want = new double[rows * n];
        double[] wantDx = new double[rows * n];
        for (int r = 0; r < rows; r++) {
          double dot = 0;
          for (int j = 0; j < n; j++) {
            int i = r * n + j;
            want[i] = log ? logp[i] : Math.exp(logp[i]);
            dot += log ? dy[i] : dy[i] * want[i];
          }
          for (int j = 0; j < n; j++) {
            int i = r * n + j;
            wantDx[i] = log ? dy[i] - Math.exp(logp[i]) * dot : want[i] * (dy[i] - dot);
          }
        }
        float[] y =
            Check.sameBits(
                "softmax",
                () -> {
                  float[] out = new float[rows * n];
                  softmax.forward(log, x, 0, out, 0, rows, n);
                  return out;
                });
        Check.close(
            set + " softmax " + rows + " x " + n + " log " + log, y, want, log ? 1 : 1e-3, 2e-6);
        float[] dx =
            Check.sameBits(
                "gradient",
                () -> {
                  float[] out = new float[rows * n];
                  softmax.gradient(log, dy, 0, y, 0, out, 0, rows, n);
                  return out;
                });
        Check.close(set + " gradient " + rows + " x " + n + " log " + log, dx, wantDx, 1, 1e-5);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void crossEntropyWithWeightsSmoothingAndIgnoredRows(Kernels set) {
    Softmax softmax = new Softmax(set, WorkerPool.shared());
    int rows = 70;
    int n = 37;
    float[] x = Check.random(1, rows * n);
    float[] dloss = Check.random(2, rows);
    float[] weight = Check.random(3, n);
    for (int i = 0; i < n; i++) {
      weight[i] = Math.abs(weight[i]);
    }
    double[] logp = logSoftmax(x, rows, n);
    for (double smoothing : new double[] {0, 0.1}) {
      for (float[] w : new float[][] {{}, weight}) {
        double[] want = new double[rows];
        double[] wantDx = new double[rows * n];
        for (int r = 0; r < rows; r++) {
          int label = label(r);
          if (label == -100) {
            continue;
          }
          double all = 0;
          for (int j = 0; j < n; j++) {
            double q =
                ((j == label ? 1 - smoothing : 0) + smoothing / n) * (w.length == 0 ? 1 : w[j]);
            want[r] -= q * logp[r * n + j];
            wantDx[r * n + j] -= q * dloss[r];
            all += q;
          }
          for (int j = 0; j < n; j++) {
            wantDx[r * n + j] += all * Math.exp(logp[r * n + j]) * dloss[r];
          }
        }
        float[] loss = new float[rows];
        float[] saved = new float[rows * n];
        softmax.crossEntropy(
            x, 0, SoftmaxTest::label, w, 0, smoothing, -100, loss, 0, saved, 0, rows, n);
        Check.close(set + " loss", loss, want, 1, 2e-6);
        float[] dx = new float[rows * n];
        softmax.crossEntropyGradient(
            dloss, 0, saved, 0, SoftmaxTest::label, w, 0, smoothing, -100, dx, 0, rows, n);
        Check.close(set + " gradient", dx, wantDx, 1, 2e-6);
      }
    }
  }

  private static int label(int row) {
    return row % 9 == 4 ? -100 : row * 5 % 37;
  }

  @ParameterizedTest
  @MethodSource("sets")
  void certainRowsAreExact(Kernels set) {
    float[] x = {0f, Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY};
    float[] y = new float[3];
    new Softmax(set, WorkerPool.shared()).forward(false, x, 0, y, 0, 1, 3);
    assertThat(y).containsExactly(1f, 0f, 0f);
  }
}
