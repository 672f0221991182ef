package dev.kiln.cpu.kernels;

import dev.kiln.backend.UnaryOp;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.List;
import java.util.Locale;

/**
 * Times products, convolutions, elementwise functions and sums: {@code java ... TimeKernels gemm 1
 * 2}, {@code conv}, {@code unary} or {@code reduce}; GFLOP/s or ns per element on stdout.
 */
public final class TimeKernels {
  private TimeKernels() {}

  public static void main(String[] args) {
    Kernels set = Boolean.getBoolean("loops") ? Kernels.loops() : Kernels.best();
    System.out.println(set.name() + " Java " + Runtime.version());
    for (int i = 1; i < args.length; i++) {
      WorkerPool.shared().setThreads(Integer.parseInt(args[i]));
      System.out.println(args[i] + " threads");
      switch (args[0]) {
        case "gemm" -> gemms(set);
        case "unary" -> unary(set);
        case "reduce" -> reductions(set);
        default -> convolutions(set);
      }
    }
  }

  /** One thread, from and to the second-level cache; {@code -Dops=GELU,EXP} picks some. */
  private static void unary(Kernels set) {
    List<String> picked = List.of(System.getProperty("ops", "").split(","));
    int n = 16_384;
    float[] x = Check.random(1, n);
    float[] dy = Check.random(2, n);
    float[] y = new float[n];
    for (UnaryOp op : UnaryOp.values()) {
      if (!picked.contains("") && !picked.contains(op.name())) {
        continue;
      }
      double forward = best(() -> set.unary().apply(op, 0.75f, 20f, x, 0, y, 0, n));
      double back = best(() -> set.unary().gradient(op, 0.75f, 20f, dy, 0, x, 0, y, 0, n));
      System.out.printf(
          Locale.ROOT,
          "%-12s ns per element: forward %6.3f gradient %6.3f%n",
          op,
          forward * 1e9 / n,
          back * 1e9 / n);
    }
  }

  private static void reductions(Kernels set) {
    Reduce reduce = new Reduce(set, WorkerPool.shared());
    int[][] shapes = {
      {1, 10_000_000, 1}, {1000, 1000, 1}, {1, 1000, 1000}, {1, 100_000, 10}, {64, 128, 196}
    };
    for (int[] s : shapes) {
      int size = s[0] * s[1] * s[2];
      float[] x = Check.random(1, size);
      float[] y = new float[s[0] * s[2]];
      StringBuilder line = new StringBuilder();
      for (Reduce.Kind kind : Reduce.Kind.values()) {
        double time = best(() -> reduce.reduce(kind, x, 0, s[0], s[1], s[2], y, 0));
        line.append(String.format(Locale.ROOT, " %s %6.3f", kind, time * 1e9 / size));
      }
      System.out.printf("%-20s ns per element:%s%n", java.util.Arrays.toString(s), line);
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

  private static void convolutions(Kernels set) {
    Conv2d conv = new Conv2d(set, WorkerPool.shared());
    int[][] shapes = {
      {64, 1, 28, 32, 5, 1},
      {64, 32, 14, 64, 5, 1},
      {32, 3, 32, 64, 3, 1},
      {32, 64, 32, 64, 3, 1},
      {32, 64, 32, 128, 3, 2},
      {32, 128, 16, 128, 3, 1},
      {32, 256, 8, 256, 3, 1},
      {32, 512, 4, 512, 3, 1},
      {32, 64, 32, 128, 1, 2},
      {32, 64, 32, 64, 1, 1}
    };
    for (int[] n : shapes) {
      int pad = n[4] / 2;
      ConvShape s =
          ConvShape.of(
              n[0],
              n[1],
              n[2],
              n[2],
              n[3],
              n[4],
              n[4],
              new dev.kiln.backend.Conv2dSpec(n[5], n[5], pad, pad, 1, 1, 1));
      float[] x = Check.random(1, s.images() * s.channels() * s.inPixels());
      float[] w = Check.random(2, s.filters() * s.depth());
      float[] y = Check.random(3, s.images() * s.filters() * s.outPixels());
      float[] none = {};
      double f = best(() -> conv.forward(s, x, 0, w, 0, none, 0, false, y, 0));
      double i = best(() -> conv.gradInput(s, y, 0, w, 0, x, 0));
      double g = best(() -> conv.gradWeight(s, y, 0, x, 0, w, 0));
      double flops = 2.0 * s.work();
      System.out.printf(
          Locale.ROOT,
          "%-26s ms: forward %7.2f gradInput %7.2f gradWeight %7.2f  GF/s %6.1f %6.1f %6.1f%n",
          java.util.Arrays.toString(n),
          f * 1e3,
          i * 1e3,
          g * 1e3,
          flops / f * 1e-9,
          flops / i * 1e-9,
          flops / g * 1e-9);
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
