package dev.kiln.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.IndexException;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.View;
import dev.kiln.cuda.sim.SimControl;
import dev.kiln.cuda.sim.SimDevice;
import dev.kiln.testing.OnEachDevice;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Picking and adding whole slices of every type, at every place of a pack of 16 bytes. */
class SlicesTest {
  /**
   * How slices lie: outer sizes, slices that there are, slices picked or added, elements of one.
   */
  private record Size(int outer, int size, int n, int inner) {
    long[] all() {
      return new long[] {outer, size, inner};
    }

    long[] some() {
      return new long[] {outer, n, inner};
    }
  }

  private static final Size[] SIZES = {
    new Size(1, 1, 1, 1),
    new Size(1, 5, 0, 8),
    new Size(1, 5, 7, 0),
    new Size(0, 5, 7, 3),
    new Size(1, 300, 33, 16),
    new Size(3, 7, 31, 5),
    new Size(2, 3, 1000, 8),
    new Size(31, 4, 9, 1),
    new Size(1, 40, 1025, 3),
    new Size(5, 1, 33, 32),
    new Size(1, 2, 5000, 4),
    new Size(2, 50, 4, 1001),
  };

  private static double[] index(long seed, int n, int size) {
    SplittableRandom random = new SplittableRandom(seed);
    return random.ints(n, 0, size).mapToDouble(i -> i).toArray();
  }

  private static double[] values(DType type, long seed, long n) {
    SplittableRandom random = new SplittableRandom(seed);
    return switch (type) {
      case BOOL -> random.ints(n, 0, 2).mapToDouble(v -> v).toArray();
      case UINT8 -> random.ints(n, 0, 256).mapToDouble(v -> v).toArray();
      case INT32, INT64 -> random.ints(n, -1000, 1000).mapToDouble(v -> v).toArray();
      default -> random.doubles(n, -2, 2).toArray();
    };
  }

  private static double[] values(DType type, long seed, long[] dims) {
    return values(type, seed, dims[0] * dims[1] * dims[2]);
  }

  @OnEachDevice
  void picksLikeTheOracle(Device device) {
    for (DType type : DType.values()) {
      for (Size s : SIZES) {
        for (int offset : new int[] {0, 1, 2, 4}) {
          try (Twin twin = new Twin(device)) {
            Twin.Pair x = twin.of(type, offset, values(type, 1, s.all()), s.all());
            Twin.Pair at = twin.of(DType.INT64, offset, index(2, s.n(), s.size()), s.n());
            Twin.Pair y = twin.of(type, offset, values(type, 3, s.some()), s.some());
            twin.onDevice().gatherSlices(y.device(), x.device(), at.device(), 1);
            twin.onOracle().gatherSlices(y.oracle(), x.oracle(), at.oracle(), 1);
            twin.same("picked " + type + " " + s + " at " + offset, y, 0);
          }
        }
      }
    }
  }

  @OnEachDevice
  void addsLikeTheOracle(Device device) {
    for (DType type : DType.values()) {
      for (Size s : SIZES) {
        for (int offset : new int[] {0, 1, 2, 4}) {
          try (Twin twin = new Twin(device)) {
            Twin.Pair y = twin.of(type, offset, values(type, 1, s.all()), s.all());
            Twin.Pair at = twin.of(DType.INT64, offset, index(2, s.n(), s.size()), s.n());
            Twin.Pair x = twin.of(type, offset, values(type, 3, s.some()), s.some());
            twin.onDevice().scatterAddSlices(y.device(), x.device(), at.device(), 1);
            twin.onOracle().scatterAddSlices(y.oracle(), x.oracle(), at.oracle(), 1);
            // As many roundings as slices come to one place; of 16 bits only one.
            double tolerance = Twin.tolerance(type) * (type.bytes() == 2 ? 1 : 8);
            twin.same("added " + type + " " + s + " at " + offset, y, tolerance);
          }
        }
      }
    }
  }

  @OnEachDevice
  void addsToTheBitsOfAddingElements(Device device) {
    // 2^24 + 1 is 2^24 in float32: most orders of these have another sum.
    double big = 1 << 24;
    double[] src = {1, big, 1, 1, -big, 1, 1, 1, 0.5};
    double[] places = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    for (DType type : new DType[] {DType.FLOAT32, DType.BFLOAT16}) {
      try (Twin twin = new Twin(device)) {
        View y = twin.of(type, 0, new double[] {0, 0.25, 0}, 3, 1).device();
        View z = twin.of(type, 0, new double[] {0, 0.25, 0}, 3, 1).device();
        View x = twin.of(type, 0, src, 9, 1).device();
        twin.onDevice().scatterAddSlices(y, x, twin.of(DType.INT64, 0, places, 9).device(), 0);
        twin.device().scatterAdd(z, x, twin.of(DType.INT64, 0, places, 9, 1).device(), 0);
        assertThat(twin.read(y)).as("%s", type).containsExactly(twin.read(z));
      }
    }
  }

  @OnEachDevice
  void namesTheFirstElementOfTheFirstSliceWhoseIndexIsWrong(Device device) {
    for (double wrong : new double[] {3, -1}) {
      String says = "index " + (long) wrong + " at position 20 is outside axis 1 of size 3";
      try (Twin twin = new Twin(device)) {
        FusedOps ops = twin.onDevice();
        double[] places = new double[40];
        places[5] = wrong;
        places[7] = 9;
        View at = twin.of(DType.INT64, 0, places, 40).device();
        View all = twin.random(DType.FLOAT32, 0, 1, 2, 3, 4).device();
        View some = twin.random(DType.FLOAT32, 0, 2, 2, 40, 4).device();
        assertThatThrownBy(
                () -> {
                  ops.gatherSlices(some, all, at, 1);
                  twin.device().sync();
                })
            .isInstanceOf(IndexException.class)
            .hasMessageStartingWith("[gather] " + says);
        assertThatThrownBy(
                () -> {
                  ops.scatterAddSlices(all, some, at, 1);
                  twin.device().sync();
                })
            .isInstanceOf(IndexException.class)
            .hasMessageStartingWith("[scatter_add] " + says);
      }
    }
  }

  @Test
  void takesFewLaunches() {
    try (Twin twin = new Twin(SimDevice.open())) {
      View at = twin.of(DType.INT64, 0, index(1, 500, 100), 500).device();
      View all = twin.random(DType.BFLOAT16, 0, 1, 100, 64).device();
      View some = twin.random(DType.BFLOAT16, 0, 2, 500, 64).device();
      SimControl.resetCalls();
      twin.onDevice().gatherSlices(some, all, at, 0);
      assertThat(SimControl.calls("cuLaunchKernel")).as("to pick").isEqualTo(1);
      SimControl.resetCalls();
      twin.onDevice().scatterAddSlices(all, some, at, 0);
      assertThat(SimControl.calls("cuLaunchKernel")).as("to sort places, and to add").isEqualTo(3);
    }
  }
}
