package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;

import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/**
 * Batch and group normalisation over [n, channels, inner], layer normalisation over [rows, n], and
 * that by the root mean square.
 *
 * <p>Statistics take two passes, mean then squared distances from it, so large means lose nothing.
 * An absent weight, bias or running statistic is an empty array.
 */
public final class Normalization {
  private static final int ROW_PARTS = 16;
  private static final int ROW_BLOCK = 32;

  private final RowKernels rows;
  private final SpanKernels spans;
  private final WorkerPool pool;

  /** Creates the driver over the given inner loops and threads. */
  public Normalization(Kernels kernels, WorkerPool pool) {
    this.rows = kernels.rows();
    this.spans = kernels.spans();
    this.pool = pool;
  }

  private static float at(float[] values, int i, float absent) {
    return values.length == 0 ? absent : values[i];
  }

  private void channels(int count, long work, java.util.function.IntConsumer body) {
    if (work < 2L * Pieces.GRAIN) {
      for (int c = 0; c < count; c++) {
        body.accept(c);
      }
    } else {
      pool.parallelFor(count, body);
    }
  }

  /**
   * Normalises by the statistics of the batch; saves the mean and 1 / sqrt(biased variance + eps)
   * and updates the running statistics, the variance unbiased.
   */
  public void batchTrain(
      float[] x,
      int xo,
      float[] y,
      int yo,
      int n,
      int channels,
      int inner,
      float[] weight,
      int wo,
      float[] bias,
      int bo,
      float[] mean,
      int mo,
      float[] invStd,
      int io,
      float[] runningMean,
      int rmo,
      float[] runningVar,
      int rvo,
      double momentum,
      double eps) {
    long count = (long) n * inner;
    channels(
        channels,
        count * channels,
        c -> {
          float pivot = count == 0 ? 0f : x[xo + c * inner];
          double sum = 0;
          for (int i = 0; i < n; i++) {
            sum += rows.sum(x, xo + (i * channels + c) * inner, inner, pivot);
          }
          double m = pivot + sum / count;
          float center = (float) m;
          double squares = 0;
          for (int i = 0; i < n; i++) {
            squares += rows.sumSquares(x, xo + (i * channels + c) * inner, inner, center);
          }
          double var = Math.max(0, squares / count - (m - center) * (m - center));
          double inv = 1 / Math.sqrt(var + eps);
          mean[mo + c] = center;
          invStd[io + c] = (float) inv;
          if (runningMean.length > 0) {
            runningMean[rmo + c] = (float) ((1 - momentum) * runningMean[rmo + c] + momentum * m);
          }
          if (runningVar.length > 0) {
            double unbiased = var * count / (count - 1.0);
            runningVar[rvo + c] =
                (float) ((1 - momentum) * runningVar[rvo + c] + momentum * unbiased);
          }
          float scale = (float) (inv * at(weight, wo + c, 1f));
          float shift = (float) (at(bias, bo + c, 0f) - (m - center) * scale);
          for (int i = 0; i < n; i++) {
            int o = (i * channels + c) * inner;
            spans.normalize(x, xo + o, y, yo + o, inner, center, scale, shift);
          }
        });
  }

  /** Maps each channel by given statistics, weight and bias, as far as they are there. */
  public void channelAffine(
      float[] x,
      int xo,
      float[] y,
      int yo,
      int n,
      int channels,
      int inner,
      float[] weight,
      int wo,
      float[] bias,
      int bo,
      float[] mean,
      int mo,
      float[] variance,
      int vo,
      double eps) {
    channels(
        channels,
        (long) n * channels * inner,
        c -> {
          double root = variance.length == 0 ? 1 : Math.sqrt(variance[vo + c] + eps);
          float scale = (float) (at(weight, wo + c, 1f) / root);
          float center = at(mean, mo + c, 0f);
          float shift = at(bias, bo + c, 0f);
          for (int i = 0; i < n; i++) {
            int o = (i * channels + c) * inner;
            spans.normalize(x, xo + o, y, yo + o, inner, center, scale, shift);
          }
        });
  }

  /** Writes the gradients of {@link #batchTrain} by x, weight and bias; dx may be dy. */
  public void batchTrainGradient(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      float[] dx,
      int dxo,
      int n,
      int channels,
      int inner,
      float[] weight,
      int wo,
      float[] mean,
      int mo,
      float[] invStd,
      int io,
      float[] dweight,
      int dwo,
      float[] dbias,
      int dbo) {
    long count = (long) n * inner;
    channels(
        channels,
        count * channels,
        c -> {
          float center = mean[mo + c];
          double inv = invStd[io + c];
          double sum = 0;
          double dot = 0;
          for (int i = 0; i < n; i++) {
            int o = (i * channels + c) * inner;
            sum += rows.sum(dy, dyo + o, inner, 0f);
            dot += rows.dot(dy, dyo + o, x, xo + o, inner, center);
          }
          dweight[dwo + c] = (float) (dot * inv);
          dbias[dbo + c] = (float) sum;
          float scale = (float) (inv * at(weight, wo + c, 1f));
          float slope = (float) (inv * inv * dot / count);
          float offset = (float) (sum / count);
          for (int i = 0; i < n; i++) {
            int o = (i * channels + c) * inner;
            spans.spread(dy, dyo + o, x, xo + o, dx, dxo + o, inner, center, slope, offset, scale);
          }
        });
  }

  /** Normalises each row; saves its mean and 1 / sqrt(biased variance + eps). */
  public void layer(
      float[] x,
      int xo,
      float[] y,
      int yo,
      int count,
      int n,
      float[] weight,
      int wo,
      float[] bias,
      int bo,
      float[] mean,
      int mo,
      float[] invStd,
      int io,
      double eps) {
    Pieces.rows(
        pool,
        count,
        n,
        (from, end) -> {
          for (int r = from; r < end; r++) {
            int o = r * n;
            float pivot = n == 0 ? 0f : x[xo + o];
            double m = pivot + rows.sum(x, xo + o, n, pivot) / n;
            float center = (float) m;
            double var =
                Math.max(
                    0, rows.sumSquares(x, xo + o, n, center) / n - (m - center) * (m - center));
            float scale = (float) (1 / Math.sqrt(var + eps));
            mean[mo + r] = center;
            invStd[io + r] = scale;
            float shift = (float) ((center - m) * scale);
            if (weight.length > 0 && bias.length > 0) {
              spans.normalizeWeighted(
                  x, xo + o, y, yo + o, weight, wo, bias, bo, n, center, scale, shift);
              continue;
            }
            spans.normalize(x, xo + o, y, yo + o, n, center, scale, shift);
            if (weight.length > 0) {
              spans.multiply(y, yo + o, y, yo + o, weight, wo, n);
            }
            if (bias.length > 0) {
              spans.add(y, yo + o, y, yo + o, bias, bo, n);
            }
          }
        });
  }

  /** Writes the gradients of {@link #layer} by x, weight and bias; dx is not dy. */
  public void layerGradient(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      float[] dx,
      int dxo,
      int count,
      int n,
      float[] weight,
      int wo,
      float[] mean,
      int mo,
      float[] invStd,
      int io,
      float[] dweight,
      int dwo,
      float[] dbias,
      int dbo) {
    // As many parts as the shape allows, whatever the threads.
    int parts = Math.max(1, Math.min(ROW_PARTS, count / 16));
    double[] partial = Workspace.mine().totals(2 * parts * n);
    boolean weighted = weight.length > 0;
    float[] gain = weighted ? weight : ones(n);
    int go = weighted ? wo : 0;
    pool.parallelFor(
        parts,
        part -> {
          double[] dot = new double[1];
          // The sums of a few rows in float, of many in double.
          float[] block = Workspace.mine().floats(Workspace.Slot.PARTIAL, 2L * n);
          int first = cut(count, parts, part);
          int last = cut(count, parts, part + 1);
          Arrays.fill(partial, 2 * part * n, 2 * (part + 1) * n, 0);
          Arrays.fill(block, 0, 2 * n, 0f);
          for (int r = first; r < last; r++) {
            int d = dyo + r * n;
            int s = xo + r * n;
            int o = dxo + r * n;
            float center = mean[mo + r];
            float inv = invStd[io + r];
            double sum = rows.gradientSums(dy, d, x, s, gain, go, n, center, inv, block, dot);
            if ((r - first) % ROW_BLOCK == ROW_BLOCK - 1 || r == last - 1) {
              drain(block, 2 * n, partial, 2 * part * n);
            }
            float slope = (float) (dot[0] * inv * inv / n);
            float share = (float) (sum / n);
            spans.spreadWeighted(dy, d, gain, go, x, s, dx, o, n, center, slope, share, inv);
          }
        });
    for (int part = 1; part < parts; part++) {
      for (int i = 0; i < 2 * n; i++) {
        partial[i] += partial[2 * part * n + i];
      }
    }
    for (int i = 0; i < n; i++) {
      dweight[dwo + i] = (float) partial[i];
      dbias[dbo + i] = (float) partial[n + i];
    }
  }

  private static float[] ones(int n) {
    float[] ones = new float[n];
    Arrays.fill(ones, 1f);
    return ones;
  }

  /**
   * Normalises each group of {@code channels / groups} channels of each image and maps each channel
   * by its weight and bias; saves each group's mean and 1 / sqrt(biased variance + eps).
   */
  public void group(
      float[] x,
      int xo,
      float[] y,
      int yo,
      int images,
      int channels,
      int groups,
      int inner,
      float[] weight,
      int wo,
      float[] bias,
      int bo,
      float[] mean,
      int mo,
      float[] invStd,
      int io,
      double eps) {
    int each = channels / groups;
    int n = each * inner;
    Pieces.rows(
        pool,
        images * groups,
        n,
        (from, end) -> {
          for (int r = from; r < end; r++) {
            int o = r * n;
            float pivot = x[xo + o];
            double m = pivot + rows.sum(x, xo + o, n, pivot) / n;
            float center = (float) m;
            double var =
                Math.max(
                    0, rows.sumSquares(x, xo + o, n, center) / n - (m - center) * (m - center));
            double inv = 1 / Math.sqrt(var + eps);
            mean[mo + r] = center;
            invStd[io + r] = (float) inv;
            for (int k = 0; k < each; k++) {
              int c = r % groups * each + k;
              float scale = (float) (inv * at(weight, wo + c, 1f));
              float shift = (float) (at(bias, bo + c, 0f) - (m - center) * scale);
              int p = o + k * inner;
              spans.normalize(x, xo + p, y, yo + p, inner, center, scale, shift);
            }
          }
        });
  }

  /** Writes the gradients of {@link #group} by x, weight and bias; dx may be dy. */
  public void groupGradient(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      float[] dx,
      int dxo,
      int images,
      int channels,
      int groups,
      int inner,
      float[] weight,
      int wo,
      float[] mean,
      int mo,
      float[] invStd,
      int io,
      float[] dweight,
      int dwo,
      float[] dbias,
      int dbo) {
    int each = channels / groups;
    int n = each * inner;
    int planes = images * channels;
    double[] sums = Workspace.mine().totals(2 * planes);
    Pieces.rows(
        pool,
        images * groups,
        n,
        (from, end) -> {
          for (int r = from; r < end; r++) {
            float center = mean[mo + r];
            double inv = invStd[io + r];
            double sum = 0;
            double dot = 0;
            for (int k = 0; k < each; k++) {
              int plane = r * each + k;
              int p = plane * inner;
              double gain = at(weight, wo + r % groups * each + k, 1f);
              sums[plane] = rows.dot(dy, dyo + p, x, xo + p, inner, center) * inv;
              sums[planes + plane] = rows.sum(dy, dyo + p, inner, 0f);
              dot += gain * sums[plane];
              sum += gain * sums[planes + plane];
            }
            float slope = (float) (inv * inv * dot / n);
            float offset = (float) (inv * sum / n);
            for (int k = 0; k < each; k++) {
              int p = (r * each + k) * inner;
              float gain = (float) (inv * at(weight, wo + r % groups * each + k, 1f));
              spans.blend(dy, dyo + p, x, xo + p, dx, dxo + p, inner, center, slope, offset, gain);
            }
          }
        });
    for (int c = 0; c < channels; c++) {
      double dot = 0;
      double sum = 0;
      for (int plane = c; plane < planes; plane += channels) {
        dot += sums[plane];
        sum += sums[planes + plane];
      }
      dweight[dwo + c] = (float) dot;
      dbias[dbo + c] = (float) sum;
    }
  }

  /** Divides each row by its root mean square; saves 1 / sqrt(mean square + eps). */
  public void rms(
      float[] x,
      int xo,
      float[] y,
      int yo,
      int count,
      int n,
      float[] weight,
      int wo,
      float[] invRms,
      int io,
      double eps) {
    Pieces.rows(
        pool,
        count,
        n,
        (from, end) -> {
          for (int r = from; r < end; r++) {
            int o = r * n;
            float scale = (float) (1 / Math.sqrt(rows.sumSquares(x, xo + o, n, 0f) / n + eps));
            invRms[io + r] = scale;
            spans.normalize(x, xo + o, y, yo + o, n, 0f, scale, 0f);
            if (weight.length > 0) {
              spans.multiply(y, yo + o, y, yo + o, weight, wo, n);
            }
          }
        });
  }

  /** Writes the gradients of {@link #rms} by x and weight; dx is not dy. */
  public void rmsGradient(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      float[] dx,
      int dxo,
      int count,
      int n,
      float[] weight,
      int wo,
      float[] invRms,
      int io,
      float[] dweight,
      int dwo) {
    int parts = Math.max(1, Math.min(ROW_PARTS, count / 16));
    double[] partial = Workspace.mine().totals(parts * n);
    pool.parallelFor(
        parts,
        part -> {
          float[] block = Workspace.mine().floats(Workspace.Slot.PARTIAL, n);
          int first = cut(count, parts, part);
          int last = cut(count, parts, part + 1);
          Arrays.fill(partial, part * n, (part + 1) * n, 0);
          Arrays.fill(block, 0, n, 0f);
          for (int r = first; r < last; r++) {
            int d = dyo + r * n;
            int s = xo + r * n;
            int o = dxo + r * n;
            float inv = invRms[io + r];
            spans.addProduct(dy, d, x, s, n, 0f, inv, block, 0);
            if ((r - first) % ROW_BLOCK == ROW_BLOCK - 1 || r == last - 1) {
              drain(block, n, partial, part * n);
            }
            System.arraycopy(dy, d, dx, o, n);
            if (weight.length > 0) {
              spans.multiply(dx, o, dx, o, weight, wo, n);
            }
            float slope = (float) (rows.dot(dx, o, x, s, n, 0f) * inv * inv / n);
            spans.spread(dx, o, x, s, dx, o, n, 0f, slope, 0f, inv);
          }
        });
    for (int part = 1; part < parts; part++) {
      for (int i = 0; i < n; i++) {
        partial[i] += partial[part * n + i];
      }
    }
    for (int i = 0; i < n; i++) {
      dweight[dwo + i] = (float) partial[i];
    }
  }

  /** Moves sums on to their totals. */
  private static void drain(float[] sums, int n, double[] totals, int to) {
    for (int i = 0; i < n; i++) {
      totals[to + i] += sums[i];
      sums[i] = 0;
    }
  }
}
