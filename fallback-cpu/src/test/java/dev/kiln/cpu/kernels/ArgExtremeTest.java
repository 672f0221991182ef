package dev.kiln.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.cpu.threads.WorkerPool;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ArgExtremeTest {
  private static final int[][] SHAPES = {
    {1, 1, 1},
    {3, 1, 4},
    {5, 7, 1},
    {4, 31, 3},
    {2, 33, 300},
    {9, 1000, 1},
    {2, 65_537, 1},
    {1, 200_001, 1}
  };

  static List<Kernels> sets() {
    return KernelSets.all();
  }

  @ParameterizedTest
  @MethodSource("sets")
  void findsTheFirstOfEquals(Kernels set) {
    for (int[] s : SHAPES) {
      float[] x = Check.random(1, s[0] * s[1] * s[2] + 2);
      for (int i = 0; i < x.length; i++) {
        x[i] = Math.round(x[i] * 4); // so that there are equals
      }
      check(set, x, s[0], s[1], s[2]);
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void findsTheFirstNan(Kernels set) {
    for (int[] s : SHAPES) {
      float[] x = Check.random(2, s[0] * s[1] * s[2] + 2);
      for (int i = x.length / 2; i < x.length; i += 3) {
        x[i] = Float.NaN;
      }
      x[2] = Float.POSITIVE_INFINITY;
      check(set, x, s[0], s[1], s[2]);
    }
  }

  private static void check(Kernels set, float[] x, int outer, int n, int inner) {
    ArgExtreme extremes = new ArgExtreme(set, WorkerPool.shared());
    for (boolean largest : new boolean[] {true, false}) {
      long[] got = new long[outer * inner + 1];
      extremes.find(largest, x, 2, outer, n, inner, got, 1);
      for (int o = 0; o < outer; o++) {
        for (int j = 0; j < inner; j++) {
          int best = 0;
          for (int k = 1; k < n; k++) {
            float v = x[2 + (o * n + k) * inner + j];
            float b = x[2 + (o * n + best) * inner + j];
            boolean better = largest ? v > b : v < b;
            best = !Float.isNaN(b) && (better || Float.isNaN(v)) ? k : best;
          }
          assertThat(got[1 + o * inner + j])
              .as("%s [%d, %d, %d] at %d, %d", largest, outer, n, inner, o, j)
              .isEqualTo(best);
        }
      }
    }
  }
}
