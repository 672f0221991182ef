package dev.kiln.fused;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.testing.OnEachDevice;
import java.util.SplittableRandom;

/** Pooling on each device against the float64 oracle, with ties, NaN and memory at odd places. */
class PoolingTest {
  private static final DType[] TYPES = {
    DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.FLOAT16
  };

  /** n, c, h, w, oh, ow, kernel h w, stride h w, padding h w, dilation h w, count padding. */
  private static final int[][] WINDOWS = {
    {2, 3, 8, 8, 4, 4, 2, 2, 2, 2, 0, 0, 1, 1, 1}, // tiles, several to a thread
    {1, 5, 6, 10, 3, 5, 2, 2, 2, 2, 0, 0, 1, 1, 1}, // tiles, one to a thread
    {1, 2, 7, 8, 3, 4, 2, 2, 2, 2, 0, 0, 1, 1, 1}, // tiles that leave a row
    {1, 2, 8, 9, 4, 4, 2, 2, 2, 2, 0, 0, 1, 1, 1}, // and a column
    {2, 1, 5, 5, 3, 3, 2, 2, 2, 2, 0, 0, 1, 1, 1}, // rounded up
    {1, 2, 33, 31, 17, 16, 3, 3, 2, 2, 1, 1, 1, 1, 1},
    {1, 2, 7, 9, 4, 5, 3, 3, 2, 2, 1, 1, 1, 1, 0},
    {1, 1, 6, 5, 4, 2, 3, 2, 2, 3, 1, 1, 1, 1, 1},
    {1, 1, 6, 5, 4, 2, 3, 2, 2, 3, 1, 1, 1, 1, 0},
    {1, 2, 9, 8, 9, 4, 2, 3, 1, 1, 1, 1, 2, 3, 1}, // dilated
    {1, 1, 1, 4, 1, 5, 2, 2, 1, 1, 1, 1, 2, 1, 1}, // windows of nothing but padding
    {3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1},
    {0, 2, 4, 4, 2, 2, 2, 2, 2, 2, 0, 0, 1, 1, 1},
    {4, 7, 32, 32, 16, 16, 2, 2, 2, 2, 0, 0, 1, 1, 1},
  };

  /** n, c, h, w, oh, ow. */
  private static final int[][] PARTS = {
    {2, 3, 7, 5, 1, 1}, {1, 2, 7, 10, 3, 4}, {1, 1, 2, 3, 5, 3}, {0, 1, 4, 4, 2, 2},
    {1, 2, 33, 64, 3, 2}, {2, 1, 1, 1000, 1, 7}, {1, 1, 1, 1, 1, 1}, {3, 5, 8, 8, 8, 8}
  };

  private static double[] withTies(long seed, int n) {
    SplittableRandom random = new SplittableRandom(seed);
    return random
        .ints(n, 0, 60)
        .mapToDouble(
            i ->
                i == 0
                    ? Double.NaN
                    : i < 12
                        ? Double.NEGATIVE_INFINITY
                        : i == 12 ? Double.POSITIVE_INFINITY : i % 5)
        .toArray();
  }

  @OnEachDevice
  void windows(Device device) {
    for (DType type : TYPES) {
      for (int[] s : WINDOWS) {
        for (int offset : new int[] {0, 1}) {
          try (Twin twin = new Twin(device)) {
            windows(twin, type, s, offset);
          }
        }
      }
    }
  }

  private static void windows(Twin twin, DType type, int[] s, int offset) {
    String what = type + " " + java.util.Arrays.toString(s);
    long[] in = {s[0], s[1], s[2], s[3]};
    long[] out = {s[0], s[1], s[4], s[5]};
    int size = s[0] * s[1] * s[2] * s[3];
    Pool2dSpec spec =
        new Pool2dSpec(s[6], s[7], s[8], s[9], s[10], s[11], s[12], s[13], s[14] == 1);
    Twin.Pair x = twin.of(type, offset, withTies(1, size), in);
    Twin.Pair y = twin.empty(type, offset, out);
    Twin.Pair index = twin.empty(DType.INT32, offset, out);
    twin.onDevice().maxPool2d(y.device(), index.device(), x.device(), spec);
    twin.onOracle().maxPool2d(y.oracle(), index.oracle(), x.oracle(), spec);
    twin.same("max " + what, y, 0);
    twin.same("index " + what, index, 0);

    Twin.Pair dy = twin.random(type, offset, 2, out);
    Twin.Pair dx = twin.empty(type, offset, in);
    twin.onDevice().maxPool2dGrad(dx.device(), dy.device(), index.device(), spec);
    twin.onOracle().maxPool2dGrad(dx.oracle(), dy.oracle(), index.oracle(), spec);
    twin.same("max gradient " + what, dx, 2 * Twin.tolerance(type));

    if (s[12] == 1 && s[13] == 1) {
      Twin.Pair z = twin.random(type, offset, 3, in);
      twin.onDevice().avgPool2d(y.device(), z.device(), spec);
      twin.onOracle().avgPool2d(y.oracle(), z.oracle(), spec);
      twin.same("mean " + what, y, Twin.tolerance(type));
      twin.onDevice().avgPool2dGrad(dx.device(), dy.device(), spec);
      twin.onOracle().avgPool2dGrad(dx.oracle(), dy.oracle(), spec);
      twin.same("mean gradient " + what, dx, 2 * Twin.tolerance(type));
    }
  }

  @OnEachDevice
  void parts(Device device) {
    for (DType type : TYPES) {
      for (int[] s : PARTS) {
        try (Twin twin = new Twin(device)) {
          String what = type + " " + java.util.Arrays.toString(s);
          Twin.Pair x = twin.random(type, 1, 1, s[0], s[1], s[2], s[3]);
          Twin.Pair y = twin.empty(type, 3, s[0], s[1], s[4], s[5]);
          twin.onDevice().adaptiveAvgPool2d(y.device(), x.device());
          twin.onOracle().adaptiveAvgPool2d(y.oracle(), x.oracle());
          twin.same("parts " + what, y, Twin.tolerance(type));
          Twin.Pair dy = twin.random(type, 0, 2, s[0], s[1], s[4], s[5]);
          Twin.Pair dx = twin.empty(type, 1, s[0], s[1], s[2], s[3]);
          twin.onDevice().adaptiveAvgPool2dGrad(dx.device(), dy.device());
          twin.onOracle().adaptiveAvgPool2dGrad(dx.oracle(), dy.oracle());
          twin.same("parts gradient " + what, dx, 2 * Twin.tolerance(type));
        }
      }
    }
  }

  @OnEachDevice
  void overlappingGradientsAreTheSameBitsEveryTime(Device device) {
    Pool2dSpec spec = new Pool2dSpec(3, 3, 1, 1, 1, 1, 1, 1, true);
    try (Twin twin = new Twin(device)) {
      Twin.Pair x = twin.random(DType.FLOAT32, 0, 1, 2, 3, 17, 19);
      Twin.Pair y = twin.empty(DType.FLOAT32, 0, 2, 3, 17, 19);
      Twin.Pair index = twin.empty(DType.INT32, 0, 2, 3, 17, 19);
      Twin.Pair dx = twin.empty(DType.FLOAT32, 0, 2, 3, 17, 19);
      twin.onDevice().maxPool2d(y.device(), index.device(), x.device(), spec);
      twin.onDevice().maxPool2dGrad(dx.device(), y.device(), index.device(), spec);
      double[] first = twin.read(dx.device());
      twin.onDevice().maxPool2dGrad(dx.device(), y.device(), index.device(), spec);
      assertThat(twin.read(dx.device())).containsExactly(first);
    }
  }
}
