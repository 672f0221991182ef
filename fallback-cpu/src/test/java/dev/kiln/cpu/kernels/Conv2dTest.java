package dev.kiln.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.backend.Conv2dSpec;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class Conv2dTest {
  /** images, channels, h, w, filters, kh, kw, stride h w, padding h w, dilation h w, groups. */
  private static final int[][] SHAPES = {
    {0, 2, 5, 5, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1},
    {3, 1, 28, 28, 32, 5, 5, 1, 1, 2, 2, 1, 1, 1},
    {2, 32, 14, 14, 20, 5, 5, 1, 1, 2, 2, 1, 1, 1},
    {2, 3, 9, 7, 5, 3, 2, 2, 1, 1, 0, 1, 2, 1},
    {2, 4, 11, 10, 6, 3, 3, 2, 2, 1, 1, 1, 1, 1},
    {2, 4, 13, 12, 6, 3, 5, 3, 2, 2, 3, 2, 2, 2},
    {5, 7, 4, 4, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {3, 70, 6, 5, 33, 1, 1, 1, 1, 0, 0, 1, 1, 1},
    {3, 8, 8, 8, 16, 1, 1, 2, 2, 0, 0, 1, 1, 1},
    {2, 6, 9, 9, 6, 3, 3, 1, 1, 1, 1, 1, 1, 6},
    {2, 6, 9, 21, 12, 3, 3, 2, 2, 1, 1, 1, 1, 6},
    {1, 3, 40, 70, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {2, 2, 6, 6, 3, 2, 2, 1, 1, 3, 3, 1, 1, 1},
    {1, 2, 5, 6, 2, 5, 6, 1, 1, 0, 0, 1, 1, 1},
    {40, 128, 3, 3, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {3, 16, 12, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {5, 17, 13, 21, 47, 3, 3, 1, 1, 0, 1, 1, 1, 1},
    {2, 24, 30, 6, 33, 3, 3, 1, 1, 2, 2, 1, 1, 1},
    {2, 20, 5, 203, 18, 3, 3, 1, 1, 1, 0, 1, 1, 1},
    {9, 408, 4, 4, 65, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {2, 6, 13, 12, 8, 3, 3, 2, 2, 1, 1, 1, 1, 2},
    {3, 5, 15, 17, 7, 7, 7, 2, 2, 3, 3, 1, 1, 1},
    {2, 5, 15, 17, 7, 5, 4, 3, 2, 2, 1, 1, 1, 1},
    {2, 5, 11, 9, 7, 2, 1, 2, 3, 0, 0, 1, 1, 1},
    {2, 3, 9, 9, 4, 1, 3, 3, 1, 2, 4, 1, 1, 1},
    {4, 20, 33, 34, 24, 3, 3, 2, 2, 1, 1, 1, 1, 1},
    {4, 32, 14, 14, 64, 5, 5, 1, 1, 2, 2, 1, 1, 1},
    {3, 19, 9, 11, 35, 5, 5, 1, 1, 0, 4, 1, 1, 1},
    {33, 48, 8, 8, 130, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {1, 384, 4, 4, 160, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {1, 600, 5, 6, 300, 3, 3, 2, 2, 1, 1, 1, 1, 2},
    {2, 5, 31, 33, 7, 3, 3, 2, 3, 1, 1, 1, 1, 1},
    {2, 5, 12, 7, 10, 5, 3, 1, 2, 2, 1, 2, 1, 5},
    {1, 9, 14, 14, 9, 5, 5, 1, 1, 2, 2, 1, 1, 9},
    {3, 17, 7, 7, 17, 3, 3, 2, 2, 1, 1, 1, 1, 17},
    {2, 3, 13, 22, 6, 3, 2, 3, 4, 2, 3, 2, 1, 3},
    {2, 4, 11, 9, 4, 1, 1, 2, 2, 0, 0, 1, 1, 4},
    {1, 3, 8, 9, 3, 3, 3, 1, 1, 4, 5, 1, 1, 3},
    {1, 3, 19, 40, 6, 2, 3, 3, 2, 0, 4, 1, 1, 1},
    {2, 12, 16, 13, 64, 7, 7, 1, 1, 3, 3, 1, 1, 1},
    {1, 48, 21, 20, 31, 7, 7, 1, 1, 3, 3, 1, 1, 1},
    {1, 24, 26, 18, 32, 9, 9, 1, 1, 4, 3, 1, 1, 1},
    {2, 10, 10, 12, 32, 4, 4, 1, 1, 6, 5, 1, 1, 1},
    {2, 32, 30, 31, 32, 3, 3, 2, 2, 1, 1, 1, 1, 1},
    {2, 40, 28, 31, 60, 3, 3, 1, 2, 1, 0, 2, 1, 1},
    {2, 40, 27, 18, 64, 3, 4, 2, 1, 1, 2, 3, 1, 2},
    {1, 32, 30, 23, 64, 3, 3, 1, 1, 4, 4, 4, 4, 1},
    {2, 16, 13, 15, 20, 7, 7, 1, 1, 3, 3, 1, 1, 1},
    {3, 7, 12, 14, 17, 3, 6, 2, 2, 1, 1, 1, 1, 1},
    {2, 4, 12, 9, 13, 3, 5, 2, 3, 1, 2, 2, 1, 1},
    {2, 60, 9, 9, 16, 2, 5, 2, 2, 1, 1, 1, 1, 1},
    {2, 128, 17, 25, 24, 5, 4, 3, 2, 2, 3, 1, 2, 1},
    {3, 32, 20, 19, 36, 3, 3, 3, 3, 0, 1, 1, 1, 1},
    {9, 31, 11, 15, 33, 2, 3, 2, 1, 0, 1, 1, 1, 1},
    {1, 64, 5, 90, 16, 3, 3, 1, 4, 1, 0, 2, 1, 2},
    {1, 24, 21, 20, 128, 3, 6, 1, 1, 1, 2, 1, 1, 1},
  };

  static List<Kernels> sets() {
    return KernelSets.all();
  }

  private static ConvShape shape(int[] s) {
    return ConvShape.of(
        s[0],
        s[1],
        s[2],
        s[3],
        s[4],
        s[5],
        s[6],
        new Conv2dSpec(s[7], s[8], s[9], s[10], s[11], s[12], s[13]));
  }

  /** Visits every product: (y index, x index, w index). */
  private interface Visit {
    void at(int y, int x, int w);
  }

  private static void visit(ConvShape s, Visit v) {
    Conv2dSpec p = s.spec();
    for (int n = 0; n < s.images(); n++) {
      for (int f = 0; f < s.filters(); f++) {
        int group = f / s.groupFilters();
        for (int h = 0; h < s.outHeight(); h++) {
          for (int w = 0; w < s.outWidth(); w++) {
            int y = ((n * s.filters() + f) * s.outHeight() + h) * s.outWidth() + w;
            for (int c = 0; c < s.groupChannels(); c++) {
              for (int i = 0; i < s.kernelH(); i++) {
                for (int j = 0; j < s.kernelW(); j++) {
                  int hi = h * p.strideH() + i * p.dilationH() - p.paddingH();
                  int wi = w * p.strideW() + j * p.dilationW() - p.paddingW();
                  if (hi >= 0 && hi < s.height() && wi >= 0 && wi < s.width()) {
                    int ch = group * s.groupChannels() + c;
                    v.at(
                        y,
                        ((n * s.channels() + ch) * s.height() + hi) * s.width() + wi,
                        ((f * s.groupChannels() + c) * s.kernelH() + i) * s.kernelW() + j);
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void agreesWithDoubleLoops(Kernels set) {
    Conv2d conv = new Conv2d(set, WorkerPool.shared());
    for (int[] numbers : SHAPES) {
      ConvShape s = shape(numbers);
      float[] x = Check.random(1, s.images() * s.channels() * s.inPixels() + 3);
      float[] w = Check.random(2, s.filters() * s.depth() + 2);
      float[] dy = Check.random(3, s.images() * s.filters() * s.outPixels() + 1);
      float[] bias = Check.random(4, s.filters() + 1);
      double scale = 2 + Math.sqrt(s.depth());
      double tolerance = Winograd.suits(s) ? 8e-6 : 3e-6;

      double[] y = new double[dy.length];
      double[] dx = new double[x.length];
      double[] dw = new double[w.length];
      double[] db = new double[bias.length];
      visit(
          s,
          (iy, ix, iw) -> {
            y[1 + iy] += (double) x[3 + ix] * w[2 + iw];
            dx[3 + ix] += (double) dy[1 + iy] * w[2 + iw];
            dw[2 + iw] += (double) dy[1 + iy] * x[3 + ix];
          });
      for (int i = 1; i < dy.length; i++) {
        int f = (i - 1) / s.outPixels() % s.filters();
        db[1 + f] += dy[i];
      }
      Check.close(
          set.name() + " forward " + s,
          Check.sameBits(
              "forward",
              () -> {
                float[] out = new float[dy.length];
                conv.forward(s, x, 3, w, 2, new float[0], 0, false, out, 1);
                return out;
              }),
          y,
          scale,
          tolerance);
      for (int i = 1; i < y.length; i++) {
        y[i] = Math.max(0, y[i] + bias[1 + (i - 1) / s.outPixels() % s.filters()]);
      }
      Check.close(
          set.name() + " forward with bias and relu " + s,
          Check.sameBits(
              "forward",
              () -> {
                float[] out = new float[dy.length];
                conv.forward(s, x, 3, w, 2, bias, 1, true, out, 1);
                return out;
              }),
          y,
          scale,
          tolerance);
      Check.close(
          set.name() + " gradInput " + s,
          Check.sameBits(
              "gradInput",
              () -> {
                float[] out = new float[x.length];
                java.util.Arrays.fill(out, 3, out.length, 9f);
                conv.gradInput(s, dy, 1, w, 2, out, 3);
                return out;
              }),
          dx,
          2 + Math.sqrt(s.groupFilters() * s.area()),
          tolerance);
      Check.close(
          set.name() + " gradWeight " + s,
          Check.sameBits(
              "gradWeight",
              () -> {
                float[] out = new float[w.length];
                java.util.Arrays.fill(out, 2, out.length, 9f);
                conv.gradWeight(s, dy, 1, x, 3, out, 2);
                return out;
              }),
          dw,
          2 + Math.sqrt(s.images() * s.outPixels()),
          tolerance);
      Check.close(
          set.name() + " gradBias " + s,
          Check.sameBits(
              "gradBias",
              () -> {
                float[] out = new float[bias.length];
                conv.gradBias(s, dy, 1, out, 1);
                return out;
              }),
          db,
          2 + Math.sqrt(s.images() * s.outPixels()),
          tolerance);
    }
  }

  /** The bounds that docs/numerics.md states, for unit normal numbers. */
  @ParameterizedTest
  @MethodSource("sets")
  void fewMultiplicationsErrAsLittleAsDocumented(Kernels set) {
    for (int[] numbers :
        new int[][] {
          {1, 64, 32, 32, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1},
          {4, 512, 8, 8, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1},
          {4, 32, 14, 14, 64, 5, 5, 1, 1, 2, 2, 1, 1, 1},
        }) {
      ConvShape s = shape(numbers);
      assertThat(Winograd.suits(s)).isTrue();
      java.util.Random random = new java.util.Random(5);
      float[] x = new float[s.images() * s.channels() * s.inPixels()];
      float[] w = new float[s.filters() * s.depth()];
      for (float[] a : new float[][] {x, w}) {
        for (int i = 0; i < a.length; i++) {
          a[i] = (float) random.nextGaussian();
        }
      }
      double[] want = new double[s.images() * s.filters() * s.outPixels()];
      visit(s, (iy, ix, iw) -> want[iy] += (double) x[ix] * w[iw]);
      float[] y = new float[want.length];
      new Conv2d(set, WorkerPool.shared()).forward(s, x, 0, w, 0, new float[0], 0, false, y, 0);
      double error = 0;
      double size = 0;
      double most = 0;
      for (int i = 0; i < y.length; i++) {
        error += (y[i] - want[i]) * (y[i] - want[i]);
        size += want[i] * want[i];
        most = Math.max(most, Math.abs(y[i] - want[i]));
      }
      double deviation = Math.sqrt(size / y.length);
      assertThat(Math.sqrt(error / size)).as(set.name() + " rms " + s).isLessThan(1.5e-6);
      assertThat(most / deviation).as(set.name() + " most " + s).isLessThan(1.5e-5);
    }
  }
}
