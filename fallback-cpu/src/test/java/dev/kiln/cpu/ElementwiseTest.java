package dev.kiln.cpu;

import static dev.kiln.cpu.Views.assertClose;
import static dev.kiln.cpu.Views.random;
import static dev.kiln.cpu.Views.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.UnaryOp;
import dev.kiln.backend.View;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Copies and elementwise ops on views of all kinds, on the oracle and on the product. */
class ElementwiseTest {
  private static final double NAN = Double.NaN;

  static Stream<Views> devices() {
    return Stream.of(Views.oracle(), new Views(new VectorBackend()));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void fillsStridedViewsAndNothingElse(Views on) {
    for (DType t : DType.values()) {
      View all = on.of(t, new double[24], 4, 6);
      on.backend().fill(all.slice(0, 1, 2, 2).slice(1, 0, 3, 2), 1);
      assertThat(read(all))
          .containsExactly(0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0);
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void copiesBetweenAnyStrides(Views on) {
    for (DType t : DType.values()) {
      double[] data = new double[2 * 3 * 4];
      for (int i = 0; i < data.length; i++) {
        data[i] = t == DType.BOOL ? i % 3 == 0 ? 1 : 0 : i;
      }
      View x = on.of(t, data, 2, 3, 4);
      View out = on.empty(t, 4, 2, 3);
      on.backend().copy(out, x.permute(2, 0, 1));
      for (int i = 0; i < 24; i++) {
        assertThat(read(out)[i]).isEqualTo(data[i % 6 * 4 + i / 6]);
      }
      View back = on.empty(t, 2, 3, 4);
      on.backend().copy(back.permute(2, 0, 1), out);
      assertThat(read(back)).containsExactly(data);
      View row = on.of(t, new double[] {1, 0, 1, 1}, 4);
      on.backend().copy(back, row.expand(Shape.of(2, 3, 4)));
      assertThat(read(back.narrow(1, 2, 1).select(0, 1))).containsExactly(1, 0, 1, 1);
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void copiesConvertTypes(Views on) {
    double[] data = {0, 1, 2.75, -1.5, 300, NAN};
    for (DType from : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.FLOAT16, DType.BFLOAT16}) {
      View x = on.of(from, data, 6);
      for (DType to : DType.values()) {
        View out = on.empty(to, 6);
        on.backend().copy(out, x);
        double[] want =
            switch (to) {
              case INT32, INT64 -> new double[] {0, 1, 2, -1, 300, 0};
              case UINT8 -> new double[] {0, 1, 2, 255, 44, 0};
              case BOOL -> new double[] {0, 1, 1, 1, 1, 1};
              default -> data;
            };
        assertThat(read(out)).as("%s to %s", from, to).containsExactly(want);
      }
    }
    View big = on.longs(Long.MAX_VALUE, -5, 0);
    View same = on.empty(DType.INT64, 3);
    on.backend().copy(same, big);
    assertThat(CpuStorage.of(same).getLong(0)).isEqualTo(Long.MAX_VALUE);
    View bools = on.empty(DType.BOOL, 3);
    on.backend().copy(bools, big);
    assertThat(read(bools)).containsExactly(1, 1, 0);
  }

  private static double apply(BinaryOp op, double a, double b) {
    return switch (op) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
      case FLOOR_DIV -> b == 0 ? a / b : Math.floor(a / b);
      case FMOD -> b == 0 ? NAN : a - b * (a / b < 0 ? Math.ceil(a / b) : Math.floor(a / b));
      case REMAINDER -> b == 0 ? NAN : a - b * Math.floor(a / b);
      case ATAN2 -> Math.atan2(a, b);
      case HYPOT -> Math.sqrt(a * a + b * b);
      case BIT_AND, BIT_OR, BIT_XOR, SHIFT_LEFT, SHIFT_RIGHT -> throw new AssertionError(op);
      case MAXIMUM -> Double.isNaN(a + b) ? NAN : a > b ? a : b;
      case MINIMUM -> Double.isNaN(a + b) ? NAN : a < b ? a : b;
      case POW -> Math.pow(a, b);
      case EQ -> a == b ? 1 : 0;
      case NE -> a != b ? 1 : 0;
      case LT -> a < b ? 1 : 0;
      case LE -> a <= b ? 1 : 0;
      case GT -> a > b ? 1 : 0;
      case GE -> a >= b ? 1 : 0;
      case AND -> a != 0 && b != 0 ? 1 : 0;
      case OR -> a != 0 || b != 0 ? 1 : 0;
    };
  }

  @ParameterizedTest
  @MethodSource("devices")
  void binaryOnDenseVectors(Views on) {
    for (BinaryOp op : BinaryOp.values()) {
      if (op.isBitwise()) {
        continue;
      }
      for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16}) {
        for (int n : new int[] {0, 1, 7, 31, 32, 33, 1000}) {
          View a = on.of(t, random(1, n), n);
          View b = on.of(t, random(2, n), n);
          if (n > 6) {
            CpuStorage.of(a).set(1, NAN);
            CpuStorage.of(b).set(2, NAN);
            CpuStorage.of(b).set(3, CpuStorage.of(a).get(3));
            CpuStorage.of(a).set(4, 0);
            CpuStorage.of(b).set(4, 0);
            CpuStorage.of(b).set(5, 0);
          }
          View out = on.empty(op.isPredicate() ? DType.BOOL : t, n);
          on.backend().binary(op, out, a, b);
          double[] want = new double[n];
          for (int i = 0; i < n; i++) {
            want[i] = apply(op, read(a)[i], read(b)[i]);
          }
          double tolerance = op == BinaryOp.POW ? 2e-6 : 1e-7;
          assertClose(op + " " + t, out, want, t == DType.BFLOAT16 ? 8e-3 : tolerance);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void binaryBroadcastsAndTakesStrides(Views on) {
    double[] a = random(1, 24);
    double[] b = random(2, 4);
    double[] c = random(3, 6);
    View x = on.of(DType.FLOAT32, a, 2, 3, 4);
    View row = on.of(DType.FLOAT32, b, 4);
    View column = on.of(DType.FLOAT32, c, 2, 3, 1);
    View out = on.empty(DType.FLOAT32, 2, 3, 4);
    double[] want = new double[24];
    on.backend().binary(BinaryOp.SUB, out, x, row.expand(x.shape()));
    for (int i = 0; i < 24; i++) {
      want[i] = a[i] - b[i % 4];
    }
    assertClose("row", out, want, 1e-7);
    on.backend().binary(BinaryOp.MUL, out, column.expand(x.shape()), x);
    for (int i = 0; i < 24; i++) {
      want[i] = a[i] * c[i / 4];
    }
    assertClose("column", out, want, 1e-7);
    on.backend().binary(BinaryOp.ADD, out.permute(2, 1, 0), x.permute(2, 1, 0), x.permute(2, 1, 0));
    for (int i = 0; i < 24; i++) {
      want[i] = 2 * a[i];
    }
    assertClose("permuted", out, want, 1e-7);
    // In place, on every second row of a larger tensor.
    View part = out.slice(1, 0, 2, 2);
    on.backend().binary(BinaryOp.ADD, part, part, row.expand(part.shape()));
    for (int i = 0; i < 24; i++) {
      want[i] += i / 4 % 3 == 1 ? 0 : b[i % 4];
    }
    assertClose("in place", out, want, 1e-6);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void comparesWithOneNumber(Views on) {
    for (BinaryOp op : BinaryOp.values()) {
      for (double one : new double[] {0.25, 0, NAN}) {
        for (int n : new int[] {5, 1024, 2075}) {
          double[] a = random(1, n);
          a[n / 2] = 0.25;
          a[n / 3] = NAN;
          a[n / 4] = -0.0;
          compareWithOne(on, op, a, one);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void comparesAndChoosesByRows(Views on) {
    double[] a = random(1, 5 * 7);
    double[] c = random(2, 5);
    View x = on.of(DType.FLOAT32, a, 5, 7);
    View column = on.of(DType.FLOAT32, c, 5, 1).expand(x.shape());
    View above = on.empty(DType.BOOL, 5, 7);
    on.backend().binary(BinaryOp.GT, above, x, column);
    View larger = on.empty(DType.FLOAT32, 5, 7);
    on.backend().where(larger, above, x, column);
    View turned = on.empty(DType.FLOAT32, 7, 5);
    on.backend().where(turned.permute(1, 0), above, x, column);
    for (int i = 0; i < 5 * 7; i++) {
      double p = (float) a[i];
      double q = (float) c[i / 7];
      assertThat(read(above)[i]).isEqualTo(p > q ? 1 : 0);
      assertThat(read(larger)[i]).isEqualTo(Math.max(p, q));
      assertThat(read(turned)[i % 7 * 5 + i / 7]).isEqualTo(Math.max(p, q));
    }
  }

  private static void compareWithOne(Views on, BinaryOp op, double[] a, double one) {
    if (!op.isPredicate()) {
      return;
    }
    int n = a.length;
    View x = on.of(DType.FLOAT32, a, n);
    View y = on.of(DType.FLOAT32, new double[] {one}, 1).expand(x.shape());
    View out = on.empty(DType.BOOL, n);
    double[] want = new double[n];
    double[] turned = new double[n];
    for (int i = 0; i < n; i++) {
      want[i] = apply(op, read(x)[i], one);
      turned[i] = apply(op, one, read(x)[i]);
    }
    on.backend().binary(op, out, x, y);
    assertThat(read(out)).as("%s %s", op, one).containsExactly(want);
    on.backend().binary(op, out, y, x);
    assertThat(read(out)).as("%s %s turned", op, one).containsExactly(turned);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void whereChoosesInLongRows(Views on) {
    int n = 2 * 1024 + 27;
    double[] a = random(1, n);
    double[] b = random(2, n);
    double[] c = random(3, n);
    a[7] = NAN;
    for (int i = 0; i < n; i++) {
      c[i] = c[i] > 0 ? 1 : 0;
    }
    View p = on.of(DType.FLOAT32, a, n);
    View q = on.of(DType.FLOAT32, b, n);
    View choice = on.of(DType.BOOL, c, n);
    View one = on.of(DType.FLOAT32, new double[] {2.5}, 1).expand(p.shape());
    View two = on.of(DType.FLOAT32, new double[] {-3}, 1).expand(p.shape());
    View out = on.empty(DType.FLOAT32, n);
    for (View first : new View[] {p, one}) {
      for (View second : new View[] {q, two}) {
        on.backend().where(out, choice, first, second);
        double[] want = new double[n];
        for (int i = 0; i < n; i++) {
          View from = c[i] == 1 ? first : second;
          want[i] = from == one ? 2.5 : from == two ? -3 : (float) (from == p ? a[i] : b[i]);
        }
        assertThat(read(out)).containsExactly(want);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void integersAreExactAndWrapAround(Views on) {
    View a = on.longs(Long.MAX_VALUE, (1L << 53) + 1, -7, 3);
    View b = on.longs(1, 2, 2, 3);
    View out = on.empty(DType.INT64, 4);
    on.backend().binary(BinaryOp.ADD, out, a, b);
    assertThat(CpuStorage.of(out).longs()).startsWith(Long.MIN_VALUE, (1L << 53) + 3, -5, 6);
    on.backend().binary(BinaryOp.MUL, out, a, b);
    assertThat(CpuStorage.of(out).longs()).startsWith(Long.MAX_VALUE, (1L << 54) + 2, -14, 9);
    on.backend().binary(BinaryOp.POW, out, on.longs(-3, 2, 0, -1), on.longs(5, 62, 0, -3));
    assertThat(CpuStorage.of(out).longs()).startsWith(-243, 1L << 62, 1, -1);
    View same = on.empty(DType.BOOL, 4);
    on.backend().binary(BinaryOp.EQ, same, a, on.longs(Long.MAX_VALUE - 1, 1L << 53, -7, 3));
    assertThat(read(same)).containsExactly(0, 0, 1, 1);
    on.backend().unary(UnaryOp.ABS, out, a, 0, 0);
    assertThat(CpuStorage.of(out).longs()).startsWith(Long.MAX_VALUE, (1L << 53) + 1, 7, 3);
    on.backend().unary(UnaryOp.AFFINE, out, a, -1, 4);
    assertThat(CpuStorage.of(out).longs()).startsWith(4 - Long.MAX_VALUE, 3 - (1L << 53), 11, 1);
    View bytes = on.of(DType.UINT8, new double[] {200, 3}, 2);
    View sum = on.empty(DType.UINT8, 2);
    on.backend().binary(BinaryOp.ADD, sum, bytes, bytes);
    assertThat(read(sum)).containsExactly(144, 6);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void whereChooses(Views on) {
    for (DType t : DType.values()) {
      View condition = on.of(DType.BOOL, new double[] {1, 0, 0, 1}, 2, 2);
      View a = on.of(t, new double[] {1}, 1);
      View b = on.of(t, new double[] {0, 1, 1, 0}, 2, 2);
      View out = on.empty(t, 2, 2);
      on.backend().where(out, condition.permute(1, 0), a.expand(out.shape()), b);
      assertThat(read(out)).containsExactly(1, 1, 1, 1);
      on.backend().where(out, condition, a.expand(out.shape()), b.permute(1, 0));
      assertThat(read(out)).containsExactly(1, 1, 1, 1);
      on.backend().where(out, condition, b, a.expand(out.shape()));
      assertThat(read(out)).containsExactly(0, 1, 1, 0);
    }
    View nan = on.of(DType.FLOAT32, new double[] {NAN}, 1);
    View out = on.empty(DType.FLOAT32, 1);
    View one = on.of(DType.FLOAT32, new double[] {1}, 1);
    on.backend().where(out, on.of(DType.BOOL, new double[] {0}, 1), nan, one);
    assertThat(read(out)).containsExactly(1);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void unaryWorksInPlaceAndOnAllFloats(Views on) {
    for (DType t : DType.values()) {
      if (t.isFloating()) {
        double[] data = {-2, -0.5, 0, 0.5, 3, NAN};
        View x = on.of(t, data, 6);
        on.backend().unary(UnaryOp.RELU, x, x, 0, 0);
        assertThat(read(x)).containsExactly(0, 0, 0, 0.5, 3, NAN);
        View dy = on.of(t, new double[] {1, 2, 3, 4, 5, 6}, 6);
        on.backend().unaryGrad(UnaryOp.RELU, dy, dy, x, 0, 0);
        assertThat(read(dy)).containsExactly(0, 0, 0, 4, 5, 6);
        View y = on.empty(t, 6);
        on.backend().unary(UnaryOp.CLAMP, y, on.of(t, data, 6), -1, 1);
        assertThat(read(y)).containsExactly(-1, -0.5, 0, 0.5, 1, NAN);
      }
    }
  }
}
