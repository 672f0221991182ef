package dev.kiln.cpu.kernels;

import dev.kiln.cpu.threads.WorkerPool;
import java.util.Locale;

/** Times products and convolutions: {@code java ... TimeKernels gemm 1 2}, GFLOP/s on stdout. */
public final class TimeKernels {
  private TimeKernels() {}

  public static void main(String[] args) {
    Kernels set = Boolean.getBoolean("loops") ? Kernels.loops() : Kernels.best();
    System.out.println(set.name() + " Java " + Runtime.version());
    for (int i = 1; i < args.length; i++) {
      WorkerPool.shared().setThreads(Integer.parseInt(args[i]));
      System.out.println(args[i] + " threads");
      gemms(set);
    }
  }

  private static void gemms(Kernels set) {
    Gemm gemm = new Gemm(set.tiles(), WorkerPool.shared());
    int[][] shapes = {
      {256, 256, 256},
      {512, 512, 512},
      {1024, 1024, 1024},
      {128, 512, 784},
      {128, 10, 512},
      {64, 12544, 576},
      {16384, 64, 64},
      {1, 512, 784},
      {64, 64, 16384}
    };
    for (int[] s : shapes) {
      StringBuilder line = new StringBuilder();
      for (int t = 0; t < 3; t++) {
        boolean ta = t == 2;
        boolean tb = t == 1;
        int m = s[0];
        int n = s[1];
        int k = s[2];
        float[] a = Check.random(1, m * k);
        float[] b = Check.random(2, n * k);
        float[] c = new float[m * n];
        double best =
            best(
                () ->
                    gemm.multiply(
                        ta,
                        tb,
                        m,
                        n,
                        k,
                        1f,
                        a,
                        0,
                        ta ? m : k,
                        b,
                        0,
                        tb ? k : n,
                        0f,
                        c,
                        0,
                        n,
                        Epilogue.NONE));
        line.append(String.format(Locale.ROOT, " %7.1f", 2e-9 * m * n * k / best));
      }
      System.out.printf("gemm %6d %6d %6d NN NT TN GF/s %s%n", s[0], s[1], s[2], line);
    }
  }

  static double best(Runnable r) {
    for (long w = System.nanoTime(); System.nanoTime() - w < 700_000_000L; ) {
      r.run();
    }
    double least = 1e9;
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < 500_000_000L) {
      long t = System.nanoTime();
      r.run();
      least = Math.min(least, (System.nanoTime() - t) * 1e-9);
    }
    return least;
  }
}
