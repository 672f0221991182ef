package dev.kiln.cpu;

import static dev.kiln.cpu.Views.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.backend.View;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sorting against an insertion that compares as PyTorch does. */
class SortTest {
  static Stream<Views> devices() {
    return Stream.of(Views.oracle(), new Views(new VectorBackend()));
  }

  /** Whether a stands after b; NaN counts as largest, -0 equals 0. */
  private static boolean after(double a, double b, boolean descending) {
    boolean larger = Double.isNaN(a) ? !Double.isNaN(b) : a > b;
    boolean smaller = Double.isNaN(b) ? !Double.isNaN(a) : a < b;
    return descending ? smaller : larger;
  }

  private static int[] order(double[] x, int from, int n, boolean descending) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int at = i;
      for (; at > 0 && after(x[from + order[at - 1]], x[from + i], descending); at--) {
        order[at] = order[at - 1];
      }
      order[at] = i;
    }
    return order;
  }

  private static double[] data(DType t, int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] special = {
      Double.NaN, -0.0, 0, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -1e-30, 1e30
    };
    double[] x = new double[n];
    for (int i = 0; i < n; i++) {
      int kind = random.nextInt(8);
      if (t.isFloating()) {
        x[i] = kind == 0 ? special[random.nextInt(7)] : random.nextInt(-20, 20) / 4.0;
      } else if (t == DType.INT32 || t == DType.INT64) {
        x[i] = kind == 0 ? random.nextInt() : random.nextInt(-20, 20);
      } else {
        x[i] = random.nextInt(t == DType.BOOL ? 2 : 256);
      }
    }
    return x;
  }

  @ParameterizedTest
  @MethodSource("devices")
  void sortsEveryType(Views on) {
    for (DType t : DType.values()) {
      for (int n : new int[] {0, 1, 2, 7, 48, 49, 1000, 1025, 3001}) {
        for (int k : new int[] {n, Math.min(n, 3), n / 2}) {
          for (boolean descending : new boolean[] {false, true}) {
            check(on, t, n > 100 ? 2 : 5, n, k, descending);
          }
        }
      }
    }
  }

  private static void check(Views on, DType t, int rows, int n, int k, boolean descending) {
    View x = on.of(t, data(t, rows * n, n + 7L * t.ordinal()), rows, n);
    double[] data = read(x);
    View values = on.empty(t, rows, k);
    View index = on.empty(DType.INT64, rows, k);
    on.backend().sort(values, index, x, descending);
    double[] wantValues = new double[rows * k];
    double[] wantIndex = new double[rows * k];
    for (int r = 0; r < rows; r++) {
      int[] order = order(data, r * n, n, descending);
      for (int i = 0; i < k; i++) {
        wantIndex[r * k + i] = order[i];
        wantValues[r * k + i] = data[r * n + order[i]];
      }
    }
    assertThat(read(index)).as("%s %d first of %d", t, k, n).containsExactly(wantIndex);
    assertThat(read(values)).as("%s %d first of %d", t, k, n).containsExactly(wantValues);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void tellsLargeIntegersApart(Views on) {
    View x = on.longs(Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE - 1, 0, -1);
    View values = on.empty(DType.INT64, 5);
    View index = on.empty(DType.INT64, 5);
    on.backend().sort(values, index, x, false);
    assertThat(read(index)).containsExactly(1, 4, 3, 2, 0);
  }
}
