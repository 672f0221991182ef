package dev.kiln.cpu;

import static dev.kiln.cpu.Views.assertClose;
import static dev.kiln.cpu.Views.integers;
import static dev.kiln.cpu.Views.random;
import static dev.kiln.cpu.Views.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.backend.ScanOp;
import dev.kiln.backend.View;
import java.math.BigDecimal;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Running sums and the like against loops, and long ones against exact sums. */
class ScanTest {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  static Stream<Views> devices() {
    return Stream.of(Views.oracle(), new Views(new VectorBackend()));
  }

  private static double next(ScanOp op, double[] line, int upTo) {
    double r = op == ScanOp.PROD ? 1 : 0;
    int best = 0;
    for (int i = 0; i <= upTo; i++) {
      r = op == ScanOp.PROD ? r * line[i] : op == ScanOp.SUM ? r + line[i] : r + Math.exp(line[i]);
      boolean wins = op == ScanOp.ARGMAX ? line[i] >= line[best] : line[i] <= line[best];
      best = Double.isNaN(line[i]) || wins ? i : best;
    }
    return op.isPosition() ? best : op == ScanOp.LOGSUMEXP ? Math.log(r) : r;
  }

  @ParameterizedTest
  @MethodSource("devices")
  void runsOverAnyAxis(Views on) {
    long[][] shapes = {{5}, {3, 4}, {2, 7, 3}, {2, 3, 70}, {70, 31, 2}, {1, 1000}, {0, 3}, {3, 0}};
    for (ScanOp op : ScanOp.values()) {
      for (DType t : DType.values()) {
        if (t == DType.BOOL || op == ScanOp.LOGSUMEXP && !t.isFloating()) {
          continue;
        }
        for (long[] d : shapes) {
          for (int axis = 0; axis < d.length; axis++) {
            check(on, op, t, d, axis);
          }
        }
      }
    }
  }

  private static void check(Views on, ScanOp op, DType t, long[] d, int axis) {
    int n = 1;
    int inner = 1;
    for (int i = 0; i < d.length; i++) {
      n *= (int) d[i];
      inner *= i > axis ? (int) d[i] : 1;
    }
    boolean small = op == ScanOp.PROD && !t.isFloating();
    double[] data = t.isFloating() ? random(n, n) : integers(n, n, small ? 1 : 0, small ? 2 : 3);
    View x = on.of(t, data, d);
    data = read(x);
    View out = on.empty(op.isPosition() ? DType.INT64 : t, d);
    on.backend().scan(op, out, x, axis);
    double[] want = new double[n];
    int length = (int) d[axis];
    for (int i = 0; i < n; i++) {
      int at = i / inner % length;
      double[] line = new double[length];
      for (int j = 0; j < length; j++) {
        line[j] = data[i + (j - at) * inner];
      }
      want[i] = next(op, line, at);
    }
    if (out.dtype() == DType.UINT8) {
      for (int i = 0; i < n; i++) {
        want[i] %= 256;
      }
    }
    assertClose(op + " " + x + " axis " + axis, out, want, Views.tolerance(t));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void longSumsKeepTheirDigits(Views on) {
    int n = 1_000_000;
    for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
      double[] data = random(5, n);
      for (int i = 0; i < n; i++) {
        data[i] = t == DType.FLOAT64 ? data[i] * 0.1 + 1e-3 / 7 : (float) (data[i] + 2.1);
      }
      View out = on.empty(t, n);
      on.backend().scan(ScanOp.SUM, out, on.of(t, data, n), 0);
      double[] sums = read(out);
      BigDecimal exact = BigDecimal.ZERO;
      for (int i = 0; i < n; i++) {
        exact = exact.add(new BigDecimal(data[i]));
        if (i % 99_999 == 0) {
          double want = exact.doubleValue();
          double ulp = t == DType.FLOAT32 ? Math.ulp((float) want) : Math.ulp(want);
          assertThat(Math.abs(sums[i] - want)).as("%s at %d", t, i).isLessThanOrEqualTo(ulp);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void specialValues(Views on) {
    for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
      assertThat(scan(on, ScanOp.SUM, t, 1, INF, 2, -INF, 1))
          .containsExactly(1, INF, INF, NAN, NAN);
      assertThat(scan(on, ScanOp.LOGSUMEXP, t, -INF, -INF, 0, 0, 1000, INF, 3))
          .containsExactly(
              -INF,
              -INF,
              0,
              t == DType.FLOAT32 ? (float) Math.log(2) : Math.log(2),
              1000,
              INF,
              INF);
      assertThat(scan(on, ScanOp.LOGSUMEXP, t, NAN, 1, INF)).containsOnly(NAN);
      assertThat(scan(on, ScanOp.LOGSUMEXP, t, -INF, NAN, 5)).containsExactly(-INF, NAN, NAN);
      assertThat(scan(on, ScanOp.ARGMAX, t, 1, 1, 0, NAN, 5, NAN, 9))
          .containsExactly(0, 1, 1, 3, 3, 5, 5);
      assertThat(scan(on, ScanOp.ARGMIN, t, 1, 2, 0, 0, NAN, -1)).containsExactly(0, 0, 2, 3, 4, 4);
    }
    View x = on.longs(Long.MAX_VALUE, 1, 5);
    View out = on.empty(DType.INT64, 3);
    on.backend().scan(ScanOp.SUM, out, x, 0);
    assertThat(CpuStorage.of(out).longs())
        .startsWith(Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + 5);
  }

  private static double[] scan(Views on, ScanOp op, DType t, double... x) {
    View out = on.empty(op.isPosition() ? DType.INT64 : t, x.length);
    on.backend().scan(op, out, on.of(t, x, x.length), 0);
    return read(out);
  }
}
