package dev.kiln.fused;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.View;
import dev.kiln.testing.OnEachDevice;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Copies that turn planes, and arithmetic with rows, columns and channels, at odd sizes. */
class LayoutTest {
  private static final int[] SIZES = {0, 1, 7, 8, 31, 32, 33, 65};

  private static double[] wholes(long seed, int n, int bound) {
    return new SplittableRandom(seed).ints(n, 0, bound).asDoubleStream().toArray();
  }

  private static void turned(Twin twin, DType type, int offset, long[] dims, int... axes) {
    int n = (int) Shape.of(dims).numel();
    Twin.Pair x = twin.of(type, offset, wholes(n, n, type == DType.BOOL ? 2 : 100), dims);
    long[] to = Arrays.stream(axes).mapToLong(a -> dims[a]).toArray();
    Twin.Pair y = twin.empty(type, offset, to);
    twin.device().copy(y.device(), x.device().permute(axes));
    twin.oracle().copy(y.oracle(), x.oracle().permute(axes));
    twin.same(type + " " + Arrays.toString(dims) + " by " + Arrays.toString(axes), y, 0);
  }

  @OnEachDevice
  void copiesTurnPlanes(Device device) {
    DType[] ofEachSize = {DType.BOOL, DType.UINT8, DType.BFLOAT16, DType.FLOAT32, DType.INT64};
    for (DType type : ofEachSize) {
      for (int offset : new int[] {0, 3}) {
        try (Twin twin = new Twin(device)) {
          for (int rows : SIZES) {
            turned(twin, type, offset, new long[] {rows, 33}, 1, 0);
            turned(twin, type, offset, new long[] {40, rows}, 1, 0);
            turned(twin, type, offset, new long[] {2, rows, 9}, 0, 2, 1);
          }
          turned(twin, type, offset, new long[] {3, 10, 4, 5}, 0, 2, 3, 1);
          turned(twin, type, offset, new long[] {3, 4, 5, 10}, 0, 3, 1, 2);
          turned(twin, type, offset, new long[] {2, 9, 3, 11}, 0, 3, 2, 1);
          turned(twin, type, offset, new long[] {2, 9, 3, 11}, 3, 2, 1, 0);
          turned(twin, type, offset, new long[] {2, 3, 9, 2, 10}, 1, 4, 3, 2, 0);
        }
      }
    }
  }

  @OnEachDevice
  void copiesTurnPartsOfPlanes(Device device) {
    try (Twin twin = new Twin(device)) {
      Twin.Pair x = twin.of(DType.FLOAT32, 1, wholes(1, 50 * 41, 100), 50, 41);
      Twin.Pair y = twin.of(DType.FLOAT32, 2, new double[37 * 60], 37, 60);
      View to = y.device().narrow(1, 5, 45);
      View toOracle = y.oracle().narrow(1, 5, 45);
      twin.device().copy(to, x.device().narrow(0, 3, 45).narrow(1, 2, 37).permute(1, 0));
      twin.oracle().copy(toOracle, x.oracle().narrow(0, 3, 45).narrow(1, 2, 37).permute(1, 0));
      twin.same("part", y, 0);
      Twin.Pair line = twin.of(DType.FLOAT32, 0, wholes(2, 37, 100), 37, 1);
      twin.device().copy(to, line.device().expand(Shape.of(37, 45)));
      twin.oracle().copy(toOracle, line.oracle().expand(Shape.of(37, 45)));
      twin.same("column", y, 0);
    }
  }

  private static void along(Twin twin, DType type, int offset, long[] dims, long... vector) {
    Shape shape = Shape.of(dims);
    Twin.Pair x = twin.random(type, offset, 1, dims);
    Twin.Pair v = twin.random(type, offset, 2, vector);
    BinaryOp[] ops = {BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, BinaryOp.DIV, BinaryOp.MAXIMUM};
    for (BinaryOp op : ops) {
      Twin.Pair y = twin.empty(type, offset, dims);
      String what = op + " " + type + Arrays.toString(dims) + Arrays.toString(vector);
      twin.device().binary(op, y.device(), x.device(), v.device().expand(shape));
      twin.oracle().binary(op, y.oracle(), x.oracle(), v.oracle().expand(shape));
      twin.same(what, y, Twin.tolerance(type));
      twin.device().binary(op, y.device(), v.device().expand(shape), x.device());
      twin.oracle().binary(op, y.oracle(), v.oracle().expand(shape), x.oracle());
      twin.same("turned " + what, y, Twin.tolerance(type));
    }
    twin.device().binary(BinaryOp.ADD, x.device(), x.device(), v.device().expand(shape));
    twin.oracle().binary(BinaryOp.ADD, x.oracle(), x.oracle(), v.oracle().expand(shape));
    twin.same("in place", x, Twin.tolerance(type));
  }

  @OnEachDevice
  void vectorsMeetMatrices(Device device) {
    DType[] types = {DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.FLOAT16};
    for (DType type : types) {
      for (int offset : new int[] {0, 1}) {
        try (Twin twin = new Twin(device)) {
          for (int n : SIZES) {
            along(twin, type, offset, new long[] {5, n}, n);
            along(twin, type, offset, new long[] {n, 8}, n, 1);
            along(twin, type, offset, new long[] {3, n, 16}, n, 1);
            along(twin, type, offset, new long[] {3, n, 5}, 1, n, 1);
            along(twin, type, offset, new long[] {n, 6}, 1);
          }
        }
      }
    }
  }
}
