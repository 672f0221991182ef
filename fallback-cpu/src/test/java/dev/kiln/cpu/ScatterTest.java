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
  }
}
