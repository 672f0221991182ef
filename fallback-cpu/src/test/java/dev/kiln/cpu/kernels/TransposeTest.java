package dev.kiln.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TransposeTest {
  static List<Kernels> sets() {
    return KernelSets.all();
  }

  @ParameterizedTest
  @MethodSource("sets")
  void movesEveryElementAndTouchesNoOther(Kernels set) {
    for (int rows : new int[] {0, 1, 7, 8, 15, 16, 17, 31, 32, 40}) {
      for (int columns : new int[] {0, 1, 3, 8, 9, 11, 14, 16, 25, 29, 70}) {
        check(set, rows, columns, columns + 3, rows + 2);
        check(set, rows, columns, columns, rows);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void writesBackwards(Kernels set) {
    check(set, 5, 9, 9, -16);
    check(set, 16, 9, 9, -16);
    check(set, 21, 25, 30, -24);
  }

  private static void check(Kernels set, int rows, int columns, int ld, int ldy) {
    Random random = new Random(31L * rows + columns);
    int from = random.nextInt(5);
    float[] x = new float[from + Math.max(1, rows) * Math.max(1, ld)];
    for (int i = 0; i < x.length; i++) {
      x[i] = random.nextFloat();
    }
    int reach = Math.max(1, columns) * Math.abs(ldy) + rows;
    int to = 3 + (ldy < 0 ? reach : 0);
    float[] expected = new float[3 + 2 * reach];
    Arrays.fill(expected, -1f);
    float[] y = expected.clone();
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        expected[to + j * ldy + i] = x[from + i * ld + j];
      }
    }
    set.tiles().transpose(rows, columns, x, from, ld, y, to, ldy);
    assertThat(y).as("%s, %d x %d, %d to %d", set, rows, columns, ld, ldy).isEqualTo(expected);
  }
}
