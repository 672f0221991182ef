package dev.kiln.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.cpu.threads.WorkerPool;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReduceTest {
  private static final int[][] SHAPES = {
    {3, 0, 1},
    {3, 0, 2},
    {0, 3, 2},
    {1, 1, 1},
    {5, 7, 1},
    {4, 31, 3},
    {2, 33, 32},
    {9, 1000, 1},
    {1, 1025, 7},
    {1, 5000, 10},
    {1, 200_001, 1},
    {2, 2049, 300},
    {7, 100, 257}
  };

  static List<Kernels> sets() {
    return KernelSets.all();
  }

  @ParameterizedTest
  @MethodSource("sets")
  void agreesWithDoubleLoops(Kernels set) {
    Reduce reduce = new Reduce(set, WorkerPool.shared());
    for (int[] s : SHAPES) {
      int outer = s[0];
      int n = s[1];
      int inner = s[2];
      float[] x = Check.random(1, outer * n * inner + 3);
      for (int i = 0; i < x.length; i++) {
        x[i] += 3; // a mean that hides errors from no one
      }
      for (Reduce.Kind kind : Reduce.Kind.values()) {
        double[] want = new double[outer * inner];
        for (int o = 0; o < outer; o++) {
          for (int j = 0; j < inner; j++) {
            double sum = 0;
            double max = Double.NEGATIVE_INFINITY;
            double min = Double.POSITIVE_INFINITY;
            for (int r = 0; r < n; r++) {
              double v = x[3 + (o * n + r) * inner + j];
              sum += v;
              max = Math.max(max, v);
              min = Math.min(min, v);
            }
            want[o * inner + j] =
                kind == Reduce.Kind.SUM
                    ? sum
                    : kind == Reduce.Kind.MEAN ? sum / n : kind == Reduce.Kind.MAX ? max : min;
          }
        }
        float[] got =
            Check.sameBits(
                kind + " " + outer + " " + n + " " + inner,
                () -> {
                  float[] y = new float[outer * inner];
                  reduce.reduce(kind, x, 3, outer, n, inner, y, 0);
                  return y;
                });
        Check.close(
            set + " " + kind + " of " + outer + " x " + n + " x " + inner, got, want, 0, 1e-6);
      }
      double squares = 0;
      for (int i = 3; i < x.length; i++) {
        squares += (double) x[i] * x[i];
      }
      assertThat(reduce.sumSquares(x, 3, x.length - 3))
          .isCloseTo(squares, org.assertj.core.data.Offset.offset(1e-6 * squares));
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void extremesPropagateNaN(Kernels set) {
    for (int at : new int[] {0, 5, 40}) {
      float[] x = Check.random(1, 41);
      x[at] = Float.NaN;
      assertThat(set.rows().max(x, 0, 41)).isNaN();
      assertThat(set.rows().min(x, 0, 41)).isNaN();
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void extremesOfColumnsPropagateNaNOfTheirOwn(Kernels set) {
    for (int width : new int[] {5, 20, 64, 83}) {
      for (int spoiled = 0; spoiled < width; spoiled += 4) {
        float[] x = Check.random(1, 3 * width);
        x[width + spoiled] = Float.NaN;
        for (boolean max : new boolean[] {true, false}) {
          float[] want = new float[width];
          for (int i = 0; i < width; i++) {
            float a = x[i];
            float b = x[width + i];
            float c = x[2 * width + i];
            want[i] = max ? Math.max(Math.max(a, b), c) : Math.min(Math.min(a, b), c);
          }
          float[] y = new float[width];
          set.rows().columnExtremes(max, x, 0, 3, width, width, y, 0);
          assertThat(y).isEqualTo(want);
        }
      }
    }
  }
}
