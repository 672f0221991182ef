package dev.kiln.cpu;

import static dev.kiln.cpu.Views.integers;
import static dev.kiln.cpu.Views.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.IndexException;
import dev.kiln.backend.ScatterOp;
import dev.kiln.backend.View;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Scattering against loops in the order the contract names. */
class ScatterTest {
  static Stream<Views> devices() {
    return Stream.of(Views.oracle(), new Views(new VectorBackend()));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void scattersAlongTheMiddle(Views on) {
    DType[] types = {DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.INT64, DType.INT32};
    for (ScatterOp op : ScatterOp.values()) {
      for (DType t : types) {
        double[] want = integers(1, 3 * 5 * 4, -3, 4);
        View x = on.of(t, want, 3, 5, 4);
        double[] idx = integers(2, 2 * 7 * 3, 0, 5);
        double[] src = integers(3, 2 * 7 * 3, -2, 3);
        on.backend().scatter(op, x, on.of(t, src, 2, 7, 3), on.of(DType.INT64, idx, 2, 7, 3), 1);
        for (int i = 0; i < 42; i++) {
          int at = i / 21 * 20 + ((int) idx[i]) * 4 + i % 3;
          want[at] =
              switch (op) {
                case SET -> src[i];
                case PROD -> want[at] * src[i];
                case MAX -> Math.max(want[at], src[i]);
                case MIN -> Math.min(want[at], src[i]);
              };
        }
        double[] got = read(x);
        for (int i = 0; i < got.length; i++) {
          assertThat(got[i] + 0.0).as("%s %s at %d", op, t, i).isEqualTo(want[i] + 0.0);
        }
      }
    }
  }

  /** Sums of small integers, which no order and no rounding changes. */
  @ParameterizedTest
  @MethodSource("devices")
  void addsAlongEachAxis(Views on) {
    int[][] shapes = {
      {1, 40_000, 1, 7}, {1, 300, 1, 90_000}, {3, 50, 200, 70}, {6, 9, 1, 5000}, {2, 1, 3, 4}
    };
    for (int[] s : shapes) {
      int outer = s[0];
      int size = s[1];
      int inner = s[2];
      int picked = s[3];
      double[] want = integers(1, (long) outer * size * inner, -3, 4);
      double[] idx = integers(2, (long) outer * picked * inner, 0, size);
      double[] src = integers(3, (long) outer * picked * inner, -2, 3);
      View x = on.of(DType.FLOAT32, want, outer, size, inner);
      on.backend()
          .scatterAdd(
              x,
              on.of(DType.FLOAT32, src, outer, picked, inner),
              on.of(DType.INT64, idx, outer, picked, inner),
              1);
      for (int i = 0; i < idx.length; i++) {
        int o = i / (picked * inner);
        want[(o * size + (int) idx[i]) * inner + i % inner] += src[i];
      }
      assertThat(read(x)).as("%s", (Object) s).containsExactly(want);
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void nanWinsAndIndexesOutsideChangeNothing(Views on) {
    View x = on.of(DType.FLOAT32, new double[] {1, Double.NaN}, 2);
    View src = on.of(DType.FLOAT32, new double[] {Double.NaN, 7}, 2);
    on.backend().scatter(ScatterOp.MAX, x, src, on.longs(0, 1), 0);
    assertThat(read(x)).containsOnly(Double.NaN);
    View y = on.of(DType.INT64, new double[] {1, 2}, 2);
    View two = on.longs(8, 9);
    View far = on.longs(0, 2);
    assertThatThrownBy(() -> on.backend().scatter(ScatterOp.SET, y, two, far, 0))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("[scatter] index 2 at position 1");
    assertThat(read(y)).containsExactly(1, 2);
    View z = on.of(DType.FLOAT32, new double[] {1, 2}, 2);
    View both = on.of(DType.FLOAT32, new double[] {8, 9}, 2);
    assertThatThrownBy(() -> on.backend().scatterAdd(z, both, far, 0))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("[scatter_add] index 2 at position 1");
    assertThat(read(z)).containsExactly(1, 2);
  }
}
