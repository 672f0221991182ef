package dev.kiln.fused;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.ReduceOp;
import dev.kiln.testing.AgainstOracle;
import dev.kiln.testing.OnEachDevice;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * More elements than a grid of the simulated device has threads (32768), so that threads go on to
 * others, in rows that are and are not whole packs. Numbers are whole where sums are to be exact.
 */
class ManyElementsTest {
  private static final int MANY = 70_000;

  private static double[] whole(long seed, int n, int below) {
    return new SplittableRandom(seed).ints(n, 0, below).asDoubleStream().toArray();
  }

  @OnEachDevice
  void biasesOfRows(Device device) {
    for (DType type : AgainstOracle.TYPES) {
      for (int columns : new int[] {1, 7, 8, 1023, 1024, 40_000}) {
        for (int offset : new int[] {0, 1}) {
          try (Twin twin = new Twin(device)) {
            int rows = MANY / columns + 1;
            Twin.Pair a = twin.of(type, 0, whole(1, rows, 5), 1, rows, 1);
            Twin.Pair b = twin.of(type, 0, whole(2, columns, 5), 1, 1, columns);
            Twin.Pair bias = twin.of(type, offset, whole(3, columns, 9), columns);
            Twin.Pair out = twin.empty(type, 0, 1, rows, columns);
            twin.device()
                .matmul(
                    out.device(),
                    a.device(),
                    b.device(),
                    Optional.of(bias.device()),
                    false,
                    false,
                    -1,
                    0,
                    Epilogue.RELU);
            twin.oracle()
                .matmul(
                    out.oracle(),
                    a.oracle(),
                    b.oracle(),
                    Optional.of(bias.oracle()),
                    false,
                    false,
                    -1,
                    0,
                    Epilogue.RELU);
            twin.same("bias of " + columns + " columns", out, 0);
          }
        }
      }
    }
  }

  @OnEachDevice
  void sorting(Device device) {
    for (int[] s :
        new int[][] {{3, 23_001, 23_001}, {9001, 8, 3}, {70_001, 1, 1}, {2, 40_000, 5}}) {
      for (boolean descending : new boolean[] {false, true}) {
        try (Twin twin = new Twin(device)) {
          Twin.Pair x = twin.of(DType.FLOAT32, 0, whole(4, s[0] * s[1], 1000), s[0], s[1]);
          Twin.Pair values = twin.empty(DType.FLOAT32, 0, s[0], s[2]);
          Twin.Pair index = twin.empty(DType.INT64, 0, s[0], s[2]);
          twin.device().sort(values.device(), index.device(), x.device(), descending);
          twin.oracle().sort(values.oracle(), index.oracle(), x.oracle(), descending);
          twin.same("values of " + s[1], values, 0);
          twin.same("positions of " + s[1], index, 0);
        }
      }
    }
  }

  @OnEachDevice
  void pickingAndAdding(Device device) {
    for (int[] s : new int[][] {{MANY, 1}, {1500, 50}, {3, 23_456}}) {
      for (DType type : new DType[] {DType.FLOAT32, DType.INT64, DType.BFLOAT16}) {
        try (Twin twin = new Twin(device)) {
          Twin.Pair x = twin.of(type, 0, whole(5, 41 * s[1], 9), 41, s[1]);
          Twin.Pair at = twin.of(DType.INT64, 0, whole(6, s[0] * s[1], 41), s[0], s[1]);
          Twin.Pair picked = twin.empty(type, 0, s[0], s[1]);
          twin.device().gather(picked.device(), x.device(), at.device(), 0);
          twin.oracle().gather(picked.oracle(), x.oracle(), at.oracle(), 0);
          twin.same("picked", picked, 0);
          if (type != DType.BFLOAT16) {
            twin.device().scatterAdd(x.device(), picked.device(), at.device(), 0);
            twin.oracle().scatterAdd(x.oracle(), picked.oracle(), at.oracle(), 0);
            twin.same("added", x, 0);
          }
        }
      }
    }
  }

  @OnEachDevice
  void reductionsOverAxesAround(Device device) {
    int[][] shapes = {
      {3, 5, 49},
      {4, 6, 64},
      {7, 3, 8},
      {5, 130, 12},
      {3, 130, 16},
      {2, 70, 500},
      {9, 2, 4096},
      {300, 3, 33}
    };
    for (DType type : AgainstOracle.TYPES) {
      for (int[] s : shapes) {
        for (int offset : new int[] {0, 1}) {
          for (ReduceOp op : new ReduceOp[] {ReduceOp.SUM, ReduceOp.MAX, ReduceOp.MEAN}) {
            try (Twin twin = new Twin(device)) {
              String what = op + " of " + type + java.util.Arrays.toString(s);
              Twin.Pair x = twin.random(type, offset, 7, s[0], s[1], s[2]);
              Twin.Pair channels = twin.empty(type, 0, 1, s[1], 1);
              twin.device().reduce(op, channels.device(), x.device(), 0, 2);
              twin.oracle().reduce(op, channels.oracle(), x.oracle(), 0, 2);
              twin.same(what + " over 0 and 2", channels, Twin.tolerance(type));
              Twin.Pair rows = twin.empty(type, 0, s[0], s[1], 1);
              twin.device().reduce(op, rows.device(), x.device(), 2);
              twin.oracle().reduce(op, rows.oracle(), x.oracle(), 2);
              twin.same(what + " over 2", rows, Twin.tolerance(type));
              Twin.Pair columns = twin.empty(type, 0, 1, 1, s[2]);
              twin.device().reduce(op, columns.device(), x.device(), 0, 1);
              twin.oracle().reduce(op, columns.oracle(), x.oracle(), 0, 1);
              twin.same(what + " over 0 and 1", columns, Twin.tolerance(type));
            }
          }
        }
      }
    }
  }
}
