package dev.kiln.cpu;

import static dev.kiln.cpu.Views.assertClose;
import static dev.kiln.cpu.Views.integers;
import static dev.kiln.cpu.Views.random;
import static dev.kiln.cpu.Views.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.IndexException;
import dev.kiln.Shape;
import dev.kiln.backend.Dist;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.ReduceOp;
import dev.kiln.backend.View;
import dev.kiln.random.Draws;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reductions, products, indexing, random numbers and transfers, against plain loops. */
class CoreOpsTest {
  private static final double NAN = Double.NaN;

  static Stream<Views> devices() {
    return Stream.of(Views.oracle(), new Views(new VectorBackend()));
  }

  private static double reduced(ReduceOp op, double[] v) {
    double sum = 0;
    double squares = 0;
    double product = 1;
    int max = 0;
    int min = 0;
    boolean nan = false;
    int nonZero = 0;
    for (int i = 0; i < v.length; i++) {
      sum += v[i];
      squares += v[i] * v[i];
      product *= v[i];
      nan |= Double.isNaN(v[i]);
      max = !Double.isNaN(v[max]) && (Double.isNaN(v[i]) || v[i] > v[max]) ? i : max;
      min = !Double.isNaN(v[min]) && (Double.isNaN(v[i]) || v[i] < v[min]) ? i : min;
      nonZero += v[i] != 0 ? 1 : 0;
    }
    return switch (op) {
      case SUM -> sum;
      case SUM_SQUARES -> squares;
      case MEAN -> sum / v.length;
      case PROD -> product;
      case MAX -> nan ? NAN : v[max];
      case MIN -> nan ? NAN : v[min];
      case ARGMAX -> max;
      case ARGMIN -> min;
      case ANY -> nonZero > 0 ? 1 : 0;
      case ALL -> nonZero == v.length ? 1 : 0;
    };
  }

  private static DType resultType(ReduceOp op, DType t) {
    return switch (op) {
      case ARGMAX, ARGMIN -> DType.INT64;
      case ANY, ALL -> DType.BOOL;
      case SUM, SUM_SQUARES, PROD -> t.isFloating() ? t : DType.INT64;
      case MEAN, MAX, MIN -> t;
    };
  }

  @ParameterizedTest
  @MethodSource("devices")
  void reducesAnyAxes(Views on) {
    int[][] allAxes = {{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}};
    for (long[] d : new long[][] {{3, 5, 7}, {2, 33, 4}, {1, 1, 1}, {2, 1, 31}}) {
      for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.INT64, DType.UINT8}) {
        int n = (int) (d[0] * d[1] * d[2]);
        double[] data = t.isFloating() ? random(n, n) : integers(n, n, 0, 5);
        if (t.isFloating() && n > 40) {
          data[17] = NAN;
          data[18] = NAN;
        }
        View x = on.of(t, data, d);
        for (int[] axes : allAxes) {
          for (ReduceOp op : ReduceOp.values()) {
            boolean oneAxis = op == ReduceOp.ARGMAX || op == ReduceOp.ARGMIN;
            if ((!oneAxis || axes.length == 1) && (t.isFloating() || op != ReduceOp.MEAN)) {
              checkReduction(on, op, x, data, axes);
            }
          }
        }
      }
    }
  }

  private static void checkReduction(Views on, ReduceOp op, View x, double[] data, int[] axes) {
    long[] d = x.shape().dims();
    long[] kept = d.clone();
    long[] looped = {1, 1, 1};
    for (int axis : axes) {
      kept[axis] = 1;
      looped[axis] = d[axis];
    }
    View out = on.empty(resultType(op, x.dtype()), kept);
    on.backend().reduce(op, out, x, axes);
    double[] want = new double[(int) out.numel()];
    for (int o = 0; o < want.length; o++) {
      long[] at = {o / (kept[1] * kept[2]), o / kept[2] % kept[1], o % kept[2]};
      double[] group = new double[(int) (looped[0] * looped[1] * looped[2])];
      int g = 0;
      for (long i = 0; i < looped[0]; i++) {
        for (long j = 0; j < looped[1]; j++) {
          for (long k = 0; k < looped[2]; k++) {
            group[g++] = data[(int) (((at[0] + i) * d[1] + at[1] + j) * d[2] + at[2] + k)];
          }
        }
      }
      want[o] = reduced(op, group);
    }
    assertClose(op + " of " + x, out, want, x.dtype() == DType.FLOAT64 ? 1e-12 : 1e-5);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void reducesNothing(Views on) {
    View x = on.empty(DType.FLOAT32, 2, 0);
    View out = on.empty(DType.FLOAT32, 2, 1);
    on.backend().reduce(ReduceOp.SUM, out, x, 1);
    assertThat(read(out)).containsExactly(0, 0);
    on.backend().reduce(ReduceOp.PROD, out, x, 1);
    assertThat(read(out)).containsExactly(1, 1);
    on.backend().reduce(ReduceOp.MEAN, out, x, 1);
    assertThat(read(out)).containsExactly(NAN, NAN);
    on.backend().reduce(ReduceOp.SUM, on.empty(DType.FLOAT32, 1, 0), x, 0);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void sumsOfIntegersAreExact(Views on) {
    View out = on.empty(DType.INT64, 1);
    on.backend().reduce(ReduceOp.SUM, out, on.longs(1L << 53, 1, 1L << 53, 1), 0);
    assertThat(CpuStorage.of(out).getLong(0)).isEqualTo((1L << 54) + 2);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void multipliesMatrices(Views on) {
    int[][] shapes = {
      {1, 1, 1, 1},
      {2, 7, 5, 3},
      {1, 33, 31, 32},
      {3, 4, 1, 8},
      {2, 5, 6, 0},
      {0, 3, 3, 3},
      {1, 0, 4, 2}
    };
    for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.INT64}) {
      for (int[] s : shapes) {
        for (int variant = 0; variant < 32; variant++) {
          checkProduct(on, t, s, variant);
        }
      }
    }
  }

  private static void checkProduct(Views on, DType t, int[] s, int variant) {
    int batch = s[0];
    int m = s[1];
    int n = s[2];
    int k = s[3];
    boolean transposeA = (variant & 1) != 0;
    boolean transposeB = (variant & 2) != 0;
    boolean broadcastA = (variant & 4) != 0;
    boolean hasBias = (variant & 8) != 0;
    boolean accumulates = (variant & 16) != 0;
    int batchA = broadcastA ? 1 : batch;
    View a =
        on.of(
            t,
            integers(1, (long) batchA * m * k, -4, 5),
            batchA,
            transposeA ? k : m,
            transposeA ? m : k);
    View b =
        on.of(
            t,
            integers(2, (long) batch * k * n, -4, 5),
            batch,
            transposeB ? n : k,
            transposeB ? k : n);
    View bias = on.of(t, integers(3, n, -4, 5), n);
    double[] before = integers(4, (long) batch * m * n, -4, 5);
    View out = accumulates ? on.of(t, before, batch, m, n) : on.empty(t, batch, m, n);
    Epilogue epilogue = hasBias ? Epilogue.RELU : Epilogue.NONE;
    on.backend()
        .matmul(
            out,
            a,
            b,
            hasBias ? Optional.of(bias) : Optional.empty(),
            transposeA,
            transposeB,
            2,
            accumulates ? 3 : 0,
            epilogue);
    double[] va = read(a);
    double[] vb = read(b);
    double[] want = new double[batch * m * n];
    for (int o = 0; o < want.length; o++) {
      int z = o / (m * n);
      int i = o / n % m;
      int j = o % n;
      double sum = 0;
      for (int l = 0; l < k; l++) {
        int za = broadcastA ? 0 : z;
        double x = va[za * m * k + (transposeA ? l * m + i : i * k + l)];
        double y = vb[z * k * n + (transposeB ? j * k + l : l * n + j)];
        sum += x * y;
      }
      double v = 2 * sum + (accumulates ? 3 * before[o] : 0) + (hasBias ? read(bias)[j] : 0);
      want[o] = hasBias ? Math.max(v, 0) : v;
    }
    // Small integers: exact but for the last rounding to 16 bits.
    assertClose("product " + t + " " + variant, out, want, t == DType.BFLOAT16 ? 4e-3 : 0);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void gathersAndScatters(Views on) {
    for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.FLOAT16, DType.INT64}) {
      double[] data = integers(1, 3 * 5 * 4, -9, 9);
      View x = on.of(t, data, 3, 5, 4);
      View index = on.of(DType.INT64, integers(2, 2 * 7 * 4, 0, 5), 2, 7, 4);
      View out = on.empty(t, 2, 7, 4);
      on.backend().gather(out, x, index, 1);
      double[] idx = read(index);
      double[] want = new double[56];
      double[] sums = data.clone();
      double[] src = integers(3, 56, -9, 9);
      for (int o = 0; o < 56; o++) {
        int at = o / 28 * 20 + ((int) idx[o]) * 4 + o % 4;
        want[o] = data[at];
        sums[at] += src[o];
      }
      assertThat(read(out)).containsExactly(want);
      on.backend().scatterAdd(x, on.of(t, src, 2, 7, 4), index, 1);
      assertThat(read(x)).containsExactly(sums);
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void gathersAndCopiesMoreThanOnePiece(Views on) {
    double[] data = integers(4, 3 * 50 * 300, -99, 99);
    View x = on.of(DType.FLOAT32, data, 3, 50, 300);
    View rows = on.of(DType.INT64, integers(5, 90, 0, 50), 90);
    View index = on.empty(DType.INT64, 3, 90, 300);
    on.backend().copy(index, rows.reshape(Shape.of(1, 90, 1)).expand(Shape.of(3, 90, 300)));
    View out = on.empty(DType.FLOAT32, 3, 90, 300);
    on.backend().gather(out, x, index, 1);
    double[] row = read(rows);
    double[] want = new double[3 * 90 * 300];
    for (int i = 0; i < want.length; i++) {
      want[i] = data[i / 27_000 * 15_000 + ((int) row[i / 300 % 90]) * 300 + i % 300];
    }
    assertThat(read(out)).containsExactly(want);
    CpuStorage.of(index).setLong(80_000, 50);
    CpuStorage.of(index).setLong(20_000, 50);
    assertThatThrownBy(() -> on.backend().gather(out, x, index, 1))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("index 50 at position 20000");
    assertThat(read(out)).containsExactly(want);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void manySmallAdditionsKeepTheirDigits(Views on) {
    int n = 4096;
    View out = on.of(DType.FLOAT32, new double[] {1}, 1);
    double[] small = new double[n];
    java.util.Arrays.fill(small, 0x1p-12);
    View zeros = on.of(DType.INT64, new double[n], n);
    on.backend().scatterAdd(out, on.of(DType.FLOAT32, small, n), zeros, 0);
    assertThat(read(out)).containsExactly(2);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void indexesOutsideAreNamedAndChangeNothing(Views on) {
    View x = on.of(DType.FLOAT32, new double[10], 2, 5);
    View index = on.of(DType.INT64, new double[] {0, 1, 2, 7}, 2, 2);
    View two = on.of(DType.FLOAT32, new double[] {1, 1, 1, 1}, 2, 2);
    assertThatThrownBy(() -> on.backend().gather(two, x, index, 1))
        .isInstanceOf(IndexException.class)
        .hasMessage("[gather] index 7 at position 3 is outside axis 1 of size 5; valid are 0 to 4");
    CpuStorage.of(index).setLong(3, -1);
    assertThatThrownBy(() -> on.backend().scatterAdd(x, two, index, 1))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("[scatter_add] index -1 at position 3");
    assertThat(read(x)).containsOnly(0);
    View none = on.empty(DType.FLOAT32, 0);
    View first = on.longs(0);
    View one = on.empty(DType.FLOAT32, 1);
    assertThatThrownBy(() -> on.backend().gather(one, none, first, 0))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("of size 0; an empty axis has no index");
  }

  @ParameterizedTest
  @MethodSource("devices")
  void drawsAsDefinedAndAdvancesTheCounter(Views on) {
    for (Dist dist : Dist.values()) {
      for (DType t : DType.values()) {
        for (int n : new int[] {0, 1, 7, 33, 50_001}) {
          if (t.isFloating()) {
            View rng = on.longs(42, 5, 1000);
            View out = on.empty(t, n);
            on.backend().random(dist, out, rng, 0.25, 2);
            double[] want = new double[n];
            Draws.fill(dist, t, 0.25, 2, 42, 5, 1000, want, 0, n);
            assertThat(read(out)).as("%s %s", dist, t).containsExactly(want);
            assertThat(CpuStorage.of(rng).longs())
                .startsWith(42, 5, 1000 + Draws.blocks(dist, t, n));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void transfersLittleEndianFromThePosition(Views on) {
    ByteBuffer buffer = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(7).putFloat(1.5f).putFloat(-2).position(4);
    View all = on.of(DType.FLOAT32, new double[] {9, 9, 9, 9}, 4);
    on.backend().upload(all.narrow(0, 1, 2), buffer);
    assertThat(read(all)).containsExactly(9, 1.5, -2, 9);
    ByteBuffer back = ByteBuffer.allocateDirect(64).order(ByteOrder.LITTLE_ENDIAN);
    back.position(3);
    on.backend().download(back, all);
    assertThat(back.getFloat(3)).isEqualTo(9);
    assertThat(back.getFloat(11)).isEqualTo(-2);
    for (DType t : DType.values()) {
      View x = on.of(t, new double[] {1, 0, 1}, 3);
      View y = on.empty(t, 3);
      ByteBuffer bytes = ByteBuffer.allocate(3 * t.bytes());
      on.backend().download(bytes, x);
      bytes.rewind();
      on.backend().upload(y, bytes);
      assertThat(read(y)).containsExactly(1, 0, 1);
    }
    View truth = on.empty(DType.BOOL, 2);
    on.backend().upload(truth, ByteBuffer.wrap(new byte[] {0, 5}));
    assertThat(CpuStorage.of(truth).bytes8()).startsWith((byte) 0, (byte) 1);
  }
}
