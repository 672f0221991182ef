package dev.kiln.numerics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Normalization;
import dev.kiln.ops.Reductions;
import dev.kiln.testing.OnEachDevice;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.assertj.core.api.SoftAssertions;

/**
 * Long sums of FLOAT32 against exact ones. With u = 2^-24 adding one by one may err by n u sum|x|;
 * promised are {@value #TERMS} u sum|x| for any length, order and axis: a few elements are added in
 * float, the rest in double.
 */
class SumAccuracyTest {
  private static final int N = 10_000_000;
  private static final double U = 0x1p-24;
  private static final int TERMS = 36;

  /** Shapes of ten million elements and the axes that are summed. */
  private static final Object[][] LAYOUTS = {
    {Shape.of(N), new int[] {0}},
    {Shape.of(N / 10, 10), new int[] {0}},
    {Shape.of(10, N / 10), new int[] {1}},
    {Shape.of(2, N / 10, 5), new int[] {1}},
    {Shape.of(N / 100, 5, 20), new int[] {0, 2}},
    {Shape.of(100, N / 1000, 10), new int[] {0, 1}}
  };

  /** Exact sums by what is summed: the same on every device. */
  private static final Map<String, double[][]> EXACT = new HashMap<>();

  private static Map<String, IntToDoubleFunction> inputs() {
    Random uniform = new Random(1);
    Random normal = new Random(4);
    return Map.of(
        "0.1", i -> 0.1f,
        "huge and small of both signs", i -> (i % 3 == 0 ? 1e8f : i % 3 == 1 ? 1f : -1e8f),
        "random", i -> uniform.nextFloat(),
        "random of both signs", i -> (float) normal.nextGaussian());
  }

  private static float[] fill(IntToDoubleFunction f, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) f.applyAsDouble(i);
    }
    return x;
  }

  /** The sum, and the sum of magnitudes; double has bits to spare for these. */
  private static double[][] exact(float[] x, Shape shape, int[] axes) {
    int groups = 1;
    boolean[] reduced = new boolean[shape.rank()];
    for (int a : axes) {
      reduced[a] = true;
    }
    for (int a = 0; a < shape.rank(); a++) {
      groups *= reduced[a] ? 1 : (int) shape.dim(a);
    }
    double[][] sums = new double[3][groups];
    for (int i = 0; i < x.length; i++) {
      int group = 0;
      int rest = i;
      int scale = 1;
      for (int a = shape.rank() - 1; a >= 0; a--) {
        int at = rest % (int) shape.dim(a);
        rest /= (int) shape.dim(a);
        if (!reduced[a]) {
          group += at * scale;
          scale *= (int) shape.dim(a);
        }
      }
      double v = x[i];
      sums[0][group] += v;
      sums[1][group] += Math.abs(v);
      sums[2][group] += v * v;
    }
    return sums;
  }

  private static void close(
      SoftAssertions softly, String what, Tensor got, double[] want, double[] size, double factor) {
    double[] y = got.toDoubleArray();
    for (int i = 0; i < y.length; i++) {
      double bound = factor * TERMS * U * size[i];
      softly
          .assertThat(Math.abs(y[i] - factor * want[i]))
          .as("error of %s at %d: %s for %s", what, i, y[i], factor * want[i])
          .isLessThanOrEqualTo(bound);
    }
  }

  @OnEachDevice
  void sumsMeansAndSquaresOfTenMillion(Device device) {
    SoftAssertions softly = new SoftAssertions();
    inputs()
        .forEach(
            (name, f) -> {
              float[] x = fill(f, N);
              for (Object[] layout : LAYOUTS) {
                Shape shape = (Shape) layout[0];
                int[] axes = (int[]) layout[1];
                String what = name + " " + shape;
                double[][] want = EXACT.computeIfAbsent(what, w -> exact(x, shape, axes));
                double count = (double) N / want[0].length;
                try (Scope scope = Scope.open()) {
                  Tensor t = Tensor.of(x, shape, device);
                  close(softly, "sum of " + what, t.sum(axes), want[0], want[1], 1);
                  close(softly, "mean of " + what, t.mean(axes), want[0], want[1], 1 / count);
                }
              }
            });
    softly.assertAll();
  }

  @OnEachDevice
  void sumsOfViewsWithAnyStrides(Device device) {
    SoftAssertions softly = new SoftAssertions();
    Shape shape = Shape.of(8, 50_000, 5);
    float[] x = fill(i -> 0.1f, 2_000_000);
    try (Scope scope = Scope.open()) {
      Tensor t = Tensor.of(x, shape, device);
      double[][] want = exact(x, shape, new int[] {1});
      close(softly, "permuted", t.permute(2, 1, 0).sum(1), want[0], want[1], 1);
      close(softly, "permuted", t.permute(1, 0, 2).sum(0), want[0], want[1], 1);
    }
    softly.assertAll();
  }

  @OnEachDevice
  void sumsOfSquaresAndNorms(Device device) {
    float[] x = fill(i -> 0.1f, N);
    double want = N * (double) 0.1f * 0.1f;
    try (Scope scope = Scope.open()) {
      Tensor t = Tensor.of(x, Shape.of(N), device);
      near(Reductions.sumSquares(t).item(), want);
      near(t.square().sum().item(), want);
      near(dev.kiln.ops.Norms.norm(t, 2, new int[0], false).item(), Math.sqrt(want));
      near(t.logsumexp().item(), 0.1f + Math.log(N));
    }
  }

  private static void near(double got, double want) {
    assertThat(Math.abs(got - want)).as("error of %s", got).isLessThan(TERMS * U * want);
  }

  /** Products add blocks of a depth of 384; so k / 384 partial sums meet in float. */
  @OnEachDevice
  void productsOfGreatDepth(Device device) {
    int k = 200_000;
    Random r = new Random(2);
    float[] a = fill(i -> r.nextFloat(), 3 * k);
    float[] b = fill(i -> r.nextFloat(), 40 * k);
    for (int columns : new int[] {1, 40}) {
      double[] want = new double[3 * columns];
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < columns; j++) {
          for (int l = 0; l < k; l++) {
            want[i * columns + j] += (double) a[i * k + l] * b[l * 40 + j];
          }
        }
      }
      try (Scope scope = Scope.open()) {
        Tensor left = Tensor.of(a, Shape.of(3, k), device);
        Tensor right = Tensor.of(b, Shape.of(k, 40), device).narrow(1, 0, columns);
        Tensor stored = left.permute(1, 0).add(0).permute(1, 0);
        Tensor wide = right.permute(1, 0).add(0).permute(1, 0);
        for (Tensor p : new Tensor[] {left, stored}) {
          for (Tensor q : new Tensor[] {right, wide}) {
            double[] y = p.matmul(q).toDoubleArray();
            for (int i = 0; i < y.length; i++) {
              // random errors: the square root of the number of additions, and a margin
              double bound = 4 * Math.sqrt(384 + k / 384.0) * U * want[i];
              assertThat(Math.abs(y[i] - want[i])).as("error of %s", y[i]).isLessThan(bound);
            }
          }
        }
      }
    }
  }

  @OnEachDevice
  void gradientsSummedOverManyRows(Device device) {
    int rows = 200_000;
    Shape shape = Shape.of(rows, 6);
    float[] dy = fill(i -> 0.1f, rows * 6);
    Random r = new Random(3);
    float[] x = fill(i -> (float) r.nextGaussian(), rows * 6);
    double want = rows * (double) 0.1f;
    try (Scope scope = Scope.open()) {
      Tensor g = Tensor.of(dy, shape, device);
      Tensor in = Tensor.of(x, shape, device);
      Tensor bias = Tensor.of(new float[6], Shape.of(6), device).requiresGrad(true);
      in.add(bias).backward(g);
      check(bias, want);
      Tensor layerBias = Tensor.of(new float[6], Shape.of(6), device).requiresGrad(true);
      Normalization.layerNorm(in, Shape.of(6), Optional.empty(), Optional.of(layerBias), 1e-5)
          .backward(g);
      check(layerBias, want);
      Tensor batchBias = Tensor.of(new float[6], Shape.of(6), device).requiresGrad(true);
      Normalization.batchNorm(
              in,
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.of(batchBias),
              true,
              0.1,
              1e-5)
          .backward(g);
      check(batchBias, want);
    }
  }

  private static void check(Tensor leaf, double want) {
    for (double got : leaf.grad().orElseThrow().toDoubleArray()) {
      near(got, want);
    }
  }
}
