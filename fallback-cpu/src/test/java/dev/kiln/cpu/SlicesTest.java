package dev.kiln.cpu;

import static dev.kiln.cpu.Views.integers;
import static dev.kiln.cpu.Views.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.IndexException;
import dev.kiln.backend.View;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Picking and adding whole slices, against loops over small integers, whose sums are exact. */
class SlicesTest {
  /** Outer, size of the axis, inner, slices. */
  private static final int[][] SHAPES = {
    {1, 300, 40, 2000}, {3, 5, 7, 11}, {40, 30, 1, 70}, {1, 2, 3, 1}, {200, 6, 33, 9}
  };

  static Stream<Views> devices() {
    return Stream.of(Views.oracle(), new Views(new VectorBackend()));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void picks(Views on) {
    for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.INT64}) {
      for (int[] s : SHAPES) {
        double[] x = integers(1, (long) s[0] * s[1] * s[2], -9, 9);
        double[] idx = integers(2, s[3], 0, s[1]);
        View y = on.of(t, new double[s[0] * s[3] * s[2]], s[0], s[3], s[2]);
        View from = on.of(t, x, s[0], s[1], s[2]);
        on.backend().fused().gatherSlices(y, from, on.of(DType.INT64, idx, s[3]), 1);
        double[] want = new double[s[0] * s[3] * s[2]];
        for (int i = 0; i < want.length; i++) {
          int row = i / s[2] / s[3] * s[1] + (int) idx[i / s[2] % s[3]];
          want[i] = x[row * s[2] + i % s[2]];
        }
        assertThat(read(y)).as("%s %s", t, java.util.Arrays.toString(s)).isEqualTo(want);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void adds(Views on) {
    for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.INT64}) {
      for (int[] s : SHAPES) {
        double[] want = integers(1, (long) s[0] * s[1] * s[2], -9, 9);
        double[] idx = integers(2, s[3], 0, s[1]);
        double[] src = integers(3, (long) s[0] * s[3] * s[2], -3, 4);
        View y = on.of(t, want, s[0], s[1], s[2]);
        View from = on.of(t, src, s[0], s[3], s[2]);
        on.backend().fused().scatterAddSlices(y, from, on.of(DType.INT64, idx, s[3]), 1);
        for (int i = 0; i < src.length; i++) {
          int row = i / s[2] / s[3] * s[1] + (int) idx[i / s[2] % s[3]];
          want[row * s[2] + i % s[2]] += src[i];
        }
        double[] got = read(y);
        for (int i = 0; i < got.length; i++) {
          assertThat(got[i] + 0.0).as("%s at %d", t, i).isEqualTo(want[i] + 0.0);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void namesTheElementWhoseIndexIsWrong(Views on) {
    View x = on.of(DType.FLOAT32, new double[12], 3, 4);
    View y = on.of(DType.FLOAT32, new double[8], 2, 4);
    View index = on.of(DType.INT64, new double[] {1, 3}, 2);
    assertThatThrownBy(() -> on.backend().fused().gatherSlices(y, x, index, 0))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("index 3 at position 4 is outside axis 0 of size 3");
    assertThatThrownBy(() -> on.backend().fused().scatterAddSlices(x, y, index, 0))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("index 3 at position 4 is outside axis 0 of size 3");
  }
}
