package dev.kiln.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.cpu.threads.WorkerPool;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GemmTest {
  private static final int[][] SHAPES = {
    {0, 5, 3},
    {5, 0, 3},
    {5, 3, 0},
    {1, 1, 1},
    {1, 7, 31},
    {7, 1, 33},
    {31, 33, 32},
    {32, 32, 32},
    {33, 31, 7},
    {100, 10, 100},
    {10, 100, 100},
    {3, 1000, 65},
    {128, 10, 513},
    {64, 64, 1025},
    {57, 129, 401},
    {16, 16, 4100},
    {29, 17, 5},
    {13, 200, 800},
    {150, 90, 70},
    {31, 1045, 1031},
    {1, 1152, 43},
    {1, 128, 2061},
    {1, 2100, 2005},
    {3, 2053, 2051}
  };

  static List<Kernels> sets() {
    return KernelSets.all();
  }

  @ParameterizedTest
  @MethodSource("sets")
  void agreesWithDoubleLoops(Kernels set) {
    Gemm gemm = new Gemm(set.tiles(), WorkerPool.shared());
    for (int[] s : SHAPES) {
      checkEveryWay(gemm, s, false);
    }
  }

  /** Two blocks of the depth; sums of small integers are exact in whatever order. */
  @ParameterizedTest
  @MethodSource("sets")
  void deepProductsOfIntegersAreExact(Kernels set) {
    Gemm gemm = new Gemm(set.tiles(), WorkerPool.shared());
    checkEveryWay(gemm, new int[] {61, 65, 2049}, true);
    checkEveryWay(gemm, new int[] {31, 100, 2079}, true);
  }

  private static void checkEveryWay(Gemm gemm, int[] s, boolean whole) {
    for (int t = 0; t < 4; t++) {
      boolean ta = (t & 1) != 0;
      boolean tb = (t & 2) != 0;
      float beta = t < 2 ? 1f : 0.75f;
      check(gemm, s[0], s[1], s[2], ta, tb, 1f, 0f, t % 3, t == 1, whole);
      check(gemm, s[0], s[1], s[2], ta, tb, -0.5f, beta, 1 + t % 2, t == 2, whole);
    }
  }

  /** The first case has two blocks of the depth, the last two of the columns. */
  @ParameterizedTest
  @MethodSource("sets")
  void threadsPackLargeBlocksTogether(Kernels set) {
    assertThat(SharedProduct.suits(set.tiles(), 961, 620, 2079, 2)).isTrue();
    assertThat(SharedProduct.suits(set.tiles(), 961, 620, 2079, 1)).isFalse();
    Gemm gemm = new Gemm(set.tiles(), WorkerPool.shared());
    check(gemm, 961, 620, 2079, false, false, -0.5f, 0.75f, 1, true, true);
    check(gemm, 961, 800, 1055, true, true, 1f, 1f, 2, false, false);
    check(gemm, 961, 2100, 1055, false, true, 1f, 0f, 1, false, false);
  }

  private static float[] values(int seed, int n, boolean whole) {
    float[] v = Check.random(seed, n);
    for (int i = 0; whole && i < n; i++) {
      v[i] = Math.round(4 * v[i]);
    }
    return v;
  }

  /** Bias 0: none, 1: per column, 2: per row; whole: of integers, and to be exact. */
  private static void check(
      Gemm gemm,
      int m,
      int n,
      int k,
      boolean ta,
      boolean tb,
      float alpha,
      float beta,
      int bias,
      boolean relu,
      boolean whole) {
    String what =
        String.format(
            "%d x %d x %d %s%s alpha %s beta %s bias %d",
            m, n, k, ta ? "T" : "N", tb ? "T" : "N", alpha, beta, bias);
    int lda = (ta ? m : k) + 3;
    int ldb = (tb ? k : n) + 2;
    int ldc = n + 1;
    int ao = 5;
    int bo = 7;
    int co = 2;
    float[] a = values(1, ao + (ta ? k : m) * lda, whole);
    float[] b = values(2, bo + (tb ? n : k) * ldb, whole);
    float[] c0 = values(3, co + m * ldc + 4, whole);
    if (beta == 0f) {
      for (int i = 0; i < m; i++) {
        java.util.Arrays.fill(c0, co + i * ldc, co + i * ldc + n, Float.NaN);
      }
    }
    float[] v = values(4, 1 + Math.max(m, n), whole);
    Epilogue e =
        bias == 0
            ? (relu ? Epilogue.RELU : Epilogue.NONE)
            : bias == 1 ? Epilogue.columnBias(v, 1, relu) : Epilogue.rowBias(v, 1, relu);
    float[] got =
        Check.sameBits(
            what,
            () -> {
              float[] c = c0.clone();
              gemm.multiply(ta, tb, m, n, k, alpha, a, ao, lda, b, bo, ldb, beta, c, co, ldc, e);
              return c;
            });
    double[] want = new double[c0.length];
    for (int i = 0; i < want.length; i++) {
      want[i] = c0[i];
    }
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int q = 0; q < k; q++) {
          sum +=
              (double) (ta ? a[ao + q * lda + i] : a[ao + i * lda + q])
                  * (tb ? b[bo + j * ldb + q] : b[bo + q * ldb + j]);
        }
        double r = alpha * sum + (beta == 0f ? 0 : beta * (double) c0[co + i * ldc + j]);
        r += bias == 0 ? 0 : v[1 + (bias == 1 ? j : i)];
        want[co + i * ldc + j] = relu ? Math.max(0, r) : r;
      }
    }
    Check.close(what, got, want, 4 + Math.sqrt(k), whole ? 0 : 3e-6);
  }

  @ParameterizedTest
  @MethodSource("sets")
  void batchesWithStrides(Kernels set) {
    Gemm gemm = new Gemm(set.tiles(), WorkerPool.shared());
    int batch = 7;
    int m = 12;
    int n = 33;
    int k = 20;
    float[] a = Check.random(1, batch * m * k);
    float[] b = Check.random(2, k * n);
    float[] got =
        Check.sameBits(
            "batched",
            () -> {
              float[] c = new float[batch * m * n];
              gemm.multiplyBatched(
                  batch,
                  false,
                  false,
                  m,
                  n,
                  k,
                  1f,
                  a,
                  0,
                  k,
                  m * k,
                  b,
                  0,
                  n,
                  0,
                  0f,
                  c,
                  0,
                  n,
                  m * n,
                  Epilogue.NONE);
              return c;
            });
    double[] want = new double[batch * m * n];
    for (int i = 0; i < batch * m; i++) {
      for (int j = 0; j < n; j++) {
        for (int q = 0; q < k; q++) {
          want[i * n + j] += (double) a[i * k + q] * b[q * n + j];
        }
      }
    }
    Check.close("batched", got, want, 4, 3e-6);
  }

  @Test
  void propagatesNaNThroughRelu() {
    for (Kernels set : KernelSets.all()) {
      float[] c = new float[1];
      new Gemm(set.tiles(), WorkerPool.shared())
          .multiply(
              false,
              false,
              1,
              1,
              1,
              1f,
              new float[] {Float.NaN},
              0,
              1,
              new float[] {1f},
              0,
              1,
              0f,
              c,
              0,
              1,
              Epilogue.RELU);
      assertThat(c[0]).as(set.name()).isNaN();
    }
  }
}
