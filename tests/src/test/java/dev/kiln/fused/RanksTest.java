package dev.kiln.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.IndexException;
import dev.kiln.backend.RankSpec;
import dev.kiln.backend.View;
import dev.kiln.testing.OnEachDevice;
import java.util.SplittableRandom;

/** Counting hits, against ranks found by sorting each example's scores by hand. */
class RanksTest {
  private static final long IGNORE = -100;
  private static final DType[] TYPES = {
    DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.FLOAT16
  };

  /** n, classes, inner. */
  private static final int[][] SHAPES = {
    {0, 3, 1},
    {1, 1, 1},
    {7, 2, 1},
    {31, 5, 1},
    {33, 32, 1},
    {5, 33, 1},
    {3, 1025, 1},
    {300, 10, 1},
    {1, 4, 33},
    {2, 7, 31},
    {3, 2, 7},
    {0, 2, 5}
  };

  /** Small whole numbers, so that scores tie, with NaN and infinities among them. */
  private static double[] scores(SplittableRandom random, int n) {
    return random
        .ints(n, 0, 12)
        .mapToDouble(i -> i == 0 ? Double.NaN : i == 1 ? Double.POSITIVE_INFINITY : i >> 1)
        .toArray();
  }

  private static double[] labels(SplittableRandom random, int n, int classes) {
    return random.ints(n, -1, classes).mapToDouble(i -> i < 0 ? IGNORE : i).toArray();
  }

  /** Whether the label is among the first k when NaN stands above all, and then lower classes. */
  private static boolean isHit(double[] x, int label, RankSpec spec) {
    if (Double.isNaN(x[label]) && !spec.argmax()) {
      return false;
    }
    int rank = 0;
    for (int j = 0; j < x.length; j++) {
      int order = Double.compare(x[j] + 0.0, x[label] + 0.0); // NaN is above all here too
      rank += order > 0 || (order == 0 && j < label) ? 1 : 0;
    }
    return rank < spec.k();
  }

  private static void check(Device device, DType type, int[] s, RankSpec spec) {
    SplittableRandom random = new SplittableRandom(s[0] * 31 + s[1] + spec.k());
    double[] x = scores(random, s[0] * s[1] * s[2]);
    double[] labels = labels(random, s[0] * s[2], s[1]);
    double hits = 0;
    double counted = 0;
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] != IGNORE) {
        double[] own = new double[s[1]];
        for (int j = 0; j < s[1]; j++) {
          own[j] = x[(i / s[2] * s[1] + j) * s[2] + i % s[2]];
        }
        counted++;
        hits += isHit(own, (int) labels[i], spec) ? 1 : 0;
      }
    }
    try (Twin twin = new Twin(device)) {
      View right = twin.of(DType.INT64, 1, new double[] {5}, 1).device();
      View all = twin.of(DType.INT64, 0, new double[] {-3}, 1).device();
      View scores = twin.of(type, 1, x, s[0], s[1], s[2]).device();
      View target = twin.of(DType.INT64, 1, labels, s[0], s[2]).device();
      twin.onDevice().countCorrect(right, all, scores, target, spec);
      String what = "%s of %s %s %s".formatted(spec, s[0], s[1], s[2]);
      assertThat(twin.read(right)).as(what).containsExactly(5 + hits);
      assertThat(twin.read(all)).as(what).containsExactly(counted - 3);
    }
  }

  @OnEachDevice
  void countsHits(Device device) {
    for (DType type : TYPES) {
      for (int[] s : SHAPES) {
        check(device, type, s, new RankSpec(1, IGNORE, true));
        for (int k : new int[] {1, 2, 5}) {
          if (k <= s[1]) {
            check(device, type, s, new RankSpec(k, IGNORE, false));
          }
        }
      }
    }
  }

  @OnEachDevice
  void aLabelThatIsNoClassIsAnErrorAmongTheHighestAndWrongByArgmax(Device device) {
    try (Twin twin = new Twin(device)) {
      View right = twin.of(DType.INT64, 0, new double[] {0}, 1).device();
      View all = twin.of(DType.INT64, 0, new double[] {0}, 1).device();
      View scores = twin.of(DType.FLOAT32, 0, new double[] {1, 2, 3, 4}, 2, 2, 1).device();
      View target = twin.of(DType.INT64, 0, new double[] {1, 2}, 2, 1).device();
      twin.onDevice().countCorrect(right, all, scores, target, new RankSpec(1, IGNORE, true));
      assertThat(twin.read(right)).containsExactly(1);
      assertThat(twin.read(all)).containsExactly(2);
      assertThatThrownBy(
              () -> {
                RankSpec spec = new RankSpec(2, IGNORE, false);
                twin.onDevice().countCorrect(right, all, scores, target, spec);
                device.backend().sync();
              })
          .isInstanceOf(IndexException.class)
          .hasMessageContaining("index 2");
    }
  }
}
