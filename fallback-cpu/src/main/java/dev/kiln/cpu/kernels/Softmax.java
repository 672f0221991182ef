package dev.kiln.cpu.kernels;

import dev.kiln.cpu.threads.WorkerPool;
import java.util.function.IntToLongFunction;

/** Softmax, its logarithm and cross-entropy along rows, and their gradients. */
public final class Softmax {
  private final RowKernels kernels;
  private final SpanKernels spans;
  private final WorkerPool pool;

  /** Creates the driver over the given inner loops and threads. */
  public Softmax(Kernels kernels, WorkerPool pool) {
    this.kernels = kernels.rows();
    this.spans = kernels.spans();
    this.pool = pool;
  }

  /** Writes softmax, or its logarithm, of each of {@code rows} rows of {@code n}; y is not x. */
  public void forward(boolean log, float[] x, int xo, float[] y, int yo, int rows, int n) {
    if (n == 0) {
      return;
    }
    Pieces.rows(
        pool,
        rows,
        4 * n,
        (i, end) -> {
          for (int r = i; r < end; r++) {
            row(log, x, xo + r * n, y, yo + r * n, n);
          }
        });
  }

  private void row(boolean log, float[] x, int xo, float[] y, int yo, int n) {
    float max = kernels.max(x, xo, n);
    double sum = kernels.expSum(x, xo, y, yo, n, max);
    if (log) {
      float shift = (float) Math.log(sum);
      spans.normalize(x, xo, y, yo, n, max, 1f, -shift);
    } else {
      float scale = (float) (1 / sum);
      spans.multiply(y, yo, y, yo, scale, n);
    }
  }

  /** Writes dx from dy and the forward result y; dx is neither of them. */
  public void gradient(
      boolean log, float[] dy, int dyo, float[] y, int yo, float[] dx, int dxo, int rows, int n) {
    if (n == 0) {
      return;
    }
    Pieces.rows(
        pool,
        rows,
        4 * n,
        (i, end) -> {
          for (int r = i; r < end; r++) {
            if (log) {
              logRowGradient(dy, dyo + r * n, y, yo + r * n, dx, dxo + r * n, n);
            } else {
              rowGradient(dy, dyo + r * n, y, yo + r * n, dx, dxo + r * n, n);
            }
          }
        });
  }

  private void rowGradient(float[] dy, int dyo, float[] y, int yo, float[] dx, int dxo, int n) {
    float dot = (float) kernels.dot(dy, dyo, y, yo, n, 0f);
    spans.multiplyCentered(dx, dxo, y, yo, dy, dyo, n, dot);
  }

  private void logRowGradient(float[] dy, int dyo, float[] y, int yo, float[] dx, int dxo, int n) {
    float sum = (float) kernels.sum(dy, dyo, n, 0f);
    kernels.expSum(y, yo, dx, dxo, n, 0f);
    spans.subtractScaled(dx, dxo, dy, dyo, dx, dxo, n, sum);
  }

  /**
   * Writes each row's cross-entropy {@code -sum_c q_c w_c logp_c}, where q is the one-hot label
   * after smoothing, and the log-probabilities.
   *
   * @param label the class of a row, in range or {@code ignore}
   * @param weight one value per class, or an empty array
   */
  public void crossEntropy(
      float[] x,
      int xo,
      IntToLongFunction label,
      float[] weight,
      int weightOffset,
      double smoothing,
      long ignore,
      float[] loss,
      int lossOffset,
      float[] logp,
      int logpOffset,
      int rows,
      int n) {
    forward(true, x, xo, logp, logpOffset, rows, n);
    for (int r = 0; r < rows; r++) {
      long c = label.applyAsLong(r);
      double sum = 0;
      if (c != ignore) {
        int o = logpOffset + r * n;
        sum = (1 - smoothing) * weight(weight, weightOffset, (int) c) * logp[o + (int) c];
        if (smoothing != 0) {
          double all = 0;
          for (int j = 0; j < n; j++) {
            all += weight(weight, weightOffset, j) * logp[o + j];
          }
          sum += smoothing / n * all;
        }
      }
      loss[lossOffset + r] = (float) -sum;
    }
  }

  private static double weight(float[] weight, int offset, int c) {
    return weight.length == 0 ? 1 : weight[offset + c];
  }

  /** Writes the gradient of {@link #crossEntropy}; dx is not logp. */
  public void crossEntropyGradient(
      float[] dloss,
      int dlossOffset,
      float[] logp,
      int logpOffset,
      IntToLongFunction label,
      float[] weight,
      int weightOffset,
      double smoothing,
      long ignore,
      float[] dx,
      int dxOffset,
      int rows,
      int n) {
    double share = n == 0 ? 0 : smoothing / n;
    double all = 0;
    for (int j = 0; j < n; j++) {
      all += share * weight(weight, weightOffset, j);
    }
    double smooth = all;
    Pieces.rows(
        pool,
        rows,
        4 * n,
        (i, end) -> {
          for (int r = i; r < end; r++) {
            int o = dxOffset + r * n;
            long c = label.applyAsLong(r);
            if (c == ignore) {
              java.util.Arrays.fill(dx, o, o + n, 0f);
              continue;
            }
            double hit = (1 - smoothing) * weight(weight, weightOffset, (int) c);
            float d = dloss[dlossOffset + r];
            float scale = (float) (d * (hit + smooth));
            kernels.expSum(logp, logpOffset + r * n, dx, o, n, 0f);
            spans.multiply(dx, o, dx, o, scale, n);
            if (smoothing != 0) {
              for (int j = 0; j < n; j++) {
                dx[o + j] -= (float) (d * share * weight(weight, weightOffset, j));
              }
            }
            dx[o + (int) c] -= (float) (d * hit);
          }
        });
  }
}
