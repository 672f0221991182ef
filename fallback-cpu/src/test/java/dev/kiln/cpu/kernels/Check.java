package dev.kiln.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.cpu.threads.WorkerPool;
import java.util.Random;
import java.util.function.Supplier;

/** Helpers of the kernel tests. */
final class Check {
  private static final int[] THREADS = {2, 5};

  private Check() {}

  static float[] random(long seed, int n) {
    Random r = new Random(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) r.nextGaussian();
    }
    return x;
  }

  /** Runs with 1, 2 and 5 threads, demands equal bits, returns the result. */
  static float[] sameBits(String what, Supplier<float[]> compute) {
    WorkerPool pool = WorkerPool.shared();
    int before = pool.threads();
    try {
      pool.setThreads(1);
      float[] one = compute.get();
      for (int threads : THREADS) {
        pool.setThreads(threads);
        float[] more = compute.get();
        for (int i = 0; i < one.length; i++) {
          if (Float.floatToRawIntBits(one[i]) != Float.floatToRawIntBits(more[i])) {
            assertThat(more[i])
                .as(what + " [" + i + "], 1 and " + threads + " threads")
                .isEqualTo(one[i]);
          }
        }
      }
      return one;
    } finally {
      pool.setThreads(before);
    }
  }

  /** Demands {@code |got - want| <= tolerance * (scale + |want|)} everywhere. */
  static void close(String what, float[] got, double[] want, double scale, double tolerance) {
    assertThat(got.length).as(what).isEqualTo(want.length);
    for (int i = 0; i < want.length; i++) {
      double d = Math.abs(got[i] - want[i]);
      boolean same = Double.isNaN(want[i]) ? Float.isNaN(got[i]) : got[i] == want[i];
      if (!same && !(d <= tolerance * (scale + Math.abs(want[i])))) {
        assertThat((double) got[i])
            .as(what + " [" + i + "] wants " + want[i])
            .isCloseTo(
                want[i],
                org.assertj.core.data.Offset.offset(tolerance * (scale + Math.abs(want[i]))));
      }
    }
  }
}
