package dev.kiln.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops that do nothing but keep the cores' multiply-add units, or the memory, busy, with as many
 * threads as asked for.
 */
final class CpuPeak {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Independent sums: more than latency times units, and few enough for 16 registers. */
  private static final int SUMS = 12;

  /** Enough that waking the threads takes no part of the time that counts. */
  static final int ROUNDS = 2_000_000;

  private static final int LENGTH = 1 << 23; // 32 MiB, larger than a core's share of the caches

  private CpuPeak() {}

  static double flops(int threads, int rounds) {
    return 2.0 * threads * SPECIES.length() * SUMS * rounds;
  }

  static double bytes(int threads) {
    return 12.0 * threads * LENGTH;
  }

  static Runnable flopsLoop(int threads, int rounds) {
    return onThreads(threads, i -> () -> multiplyAdd(rounds));
  }

  static Runnable bytesLoop(int threads) {
    return onThreads(
        threads,
        i -> {
          float[] a = new float[LENGTH];
          float[] b = new float[LENGTH];
          float[] c = new float[LENGTH];
          return () -> triad(a, b, c);
        });
  }

  private static Runnable onThreads(int threads, IntFunction<Callable<Float>> loop) {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<Callable<Float>> loops = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      loops.add(loop.apply(i));
    }
    return () -> {
      try {
        for (Future<Float> done : pool.invokeAll(loops)) {
          done.get();
        }
      } catch (InterruptedException | ExecutionException e) {
        throw new IllegalStateException(e);
      }
    };
  }

  private static float multiplyAdd(int rounds) {
    FloatVector x = FloatVector.broadcast(SPECIES, 0.5f);
    FloatVector y = FloatVector.broadcast(SPECIES, 1f);
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    FloatVector s8 = s0;
    FloatVector s9 = s0;
    FloatVector s10 = s0;
    FloatVector s11 = s0;
    for (int i = 0; i < rounds; i++) {
      s0 = s0.fma(x, y);
      s1 = s1.fma(x, y);
      s2 = s2.fma(x, y);
      s3 = s3.fma(x, y);
      s4 = s4.fma(x, y);
      s5 = s5.fma(x, y);
      s6 = s6.fma(x, y);
      s7 = s7.fma(x, y);
      s8 = s8.fma(x, y);
      s9 = s9.fma(x, y);
      s10 = s10.fma(x, y);
      s11 = s11.fma(x, y);
    }
    FloatVector sum = s0.add(s1).add(s2).add(s3).add(s4).add(s5);
    return sum.add(s6).add(s7).add(s8).add(s9).add(s10).add(s11).lane(0);
  }

  private static float triad(float[] a, float[] b, float[] c) {
    for (int i = 0; i < a.length; i++) {
      a[i] = b[i] + 3 * c[i];
    }
    return a[a.length - 1];
  }
}
