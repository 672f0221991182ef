package dev.kiln.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.backend.Dist;
import dev.kiln.random.Draws;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random numbers are those of the definition, bit for bit, wherever a draw begins and ends. */
class RandomTest {
  private static final int MANY = 40_000;

  static List<Kernels> sets() {
    return KernelSets.all();
  }

  @ParameterizedTest
  @MethodSource("sets")
  void uniform(Kernels set) {
    check(set, Dist.UNIFORM, 0, 1);
    check(set, Dist.UNIFORM, -0.25, 3);
  }

  @ParameterizedTest
  @MethodSource("sets")
  void normal(Kernels set) {
    check(set, Dist.NORMAL, 0, 1);
    check(set, Dist.NORMAL, -0.5, 1e-3);
    check(set, Dist.NORMAL, 7, Double.POSITIVE_INFINITY);
  }

  @ParameterizedTest
  @MethodSource("sets")
  void bernoulli(Kernels set) {
    for (double p : new double[] {0, 1, 0.4, 0x1p-24, 0x1p-25, 1 - 0x1p-25, 2, -1, Double.NaN}) {
      check(set, Dist.BERNOULLI, p, -2.5);
    }
  }

  /** The counter crosses 2^32 and 2^64 within a draw; seed and stream have high words. */
  private static void check(Kernels set, Dist dist, double a, double b) {
    for (long counter : new long[] {0, 5, 0xFFFFFFF0L, -100}) {
      for (int n : new int[] {0, 1, 3, 255, 256, 1001}) {
        check(set, dist, a, b, counter, n);
      }
    }
    check(set, dist, a, b, 1L << 40, MANY);
  }

  private static void check(Kernels set, Dist dist, double a, double b, long counter, int n) {
    long seed = 0xFEDCBA9876543210L;
    long stream = 0x8000000180000003L;
    float[] expected = new float[n + 8];
    Arrays.fill(expected, 9f);
    float[] y = expected.clone();
    Draws.fill(dist, a, b, seed, stream, counter, expected, 3, n);
    set.random().fill(dist, a, b, seed, stream, counter, y, 3, n);
    assertThat(bits(y))
        .as("%s %s(%s, %s) at %d", set, dist, a, b, counter)
        .isEqualTo(bits(expected));
  }

  private static int[] bits(float[] x) {
    int[] bits = new int[x.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(x[i]));
    return bits;
  }
}
