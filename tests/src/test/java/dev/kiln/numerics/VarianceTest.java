package dev.kiln.numerics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Normalization;
import dev.kiln.ops.Reductions;
import dev.kiln.testing.OnEachDevice;
import java.util.Optional;
import java.util.Random;

/** Variances of data far from 0, which a single pass in FLOAT32 loses altogether. */
class VarianceTest {
  private static final int ROWS = 500;
  private static final int COLUMNS = 12;
  private static final Optional<Tensor> NONE = Optional.empty();

  private static float[] data(double mean) {
    Random r = new Random(4);
    float[] x = new float[ROWS * COLUMNS];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (mean + r.nextGaussian());
    }
    return x;
  }

  private static double[] column(float[] x, int c) {
    double[] v = new double[ROWS];
    for (int r = 0; r < ROWS; r++) {
      v[r] = x[r * COLUMNS + c];
    }
    return v;
  }

  private static double mean(double[] x) {
    double sum = 0;
    for (double v : x) {
      sum += v - x[0];
    }
    return x[0] + sum / x.length;
  }

  private static double variance(double[] x, double divisor) {
    double m = mean(x);
    double sum = 0;
    for (double v : x) {
      sum += (v - m) * (v - m);
    }
    return sum / divisor;
  }

  @OnEachDevice
  void varianceAndDeviationOfDistantData(Device device) {
    for (double mean : new double[] {0, 1e4, -1e5, 1e6}) {
      float[] x = data(mean);
      try (Scope scope = Scope.open()) {
        Tensor t = Tensor.of(x, Shape.of(ROWS, COLUMNS), device);
        double[] var = t.var(0).toDoubleArray();
        double[] std = t.std(0).toDoubleArray();
        double[] other = t.permute(1, 0).var(1).toDoubleArray();
        for (int c = 0; c < COLUMNS; c++) {
          double want = variance(column(x, c), ROWS - 1);
          assertThat(var[c]).as("around %s", mean).isCloseTo(want, withinPercentage(1e-4));
          assertThat(std[c]).isCloseTo(Math.sqrt(want), withinPercentage(1e-4));
          assertThat(other[c]).isCloseTo(want, withinPercentage(1e-4));
        }
      }
    }
  }

  @OnEachDevice
  void batchStatisticsOfDistantData(Device device) {
    double eps = 1e-5;
    for (double mean : new double[] {1e4, 1e6}) {
      float[] x = data(mean);
      try (Scope scope = Scope.open()) {
        Tensor t = Tensor.of(x, Shape.of(ROWS, COLUMNS), device);
        Tensor runningMean = Tensor.zeros(Shape.of(COLUMNS), DType.FLOAT32, device);
        Tensor runningVar = Tensor.zeros(Shape.of(COLUMNS), DType.FLOAT32, device);
        double[] y =
            Normalization.batchNorm(
                    t, Optional.of(runningMean), Optional.of(runningVar), NONE, NONE, true, 1, eps)
                .toDoubleArray();
        for (int c = 0; c < COLUMNS; c++) {
          double[] v = column(x, c);
          double m = mean(v);
          double scale = 1 / Math.sqrt(variance(v, ROWS) + eps);
          assertThat(runningMean.toDoubleArray()[c]).isCloseTo(m, withinPercentage(1e-5));
          assertThat(runningVar.toDoubleArray()[c])
              .isCloseTo(variance(v, ROWS - 1), withinPercentage(1e-4));
          for (int r = 0; r < ROWS; r++) {
            assertThat(y[r * COLUMNS + c]).isCloseTo((v[r] - m) * scale, within(2e-6));
          }
        }
      }
    }
  }

  @OnEachDevice
  void layerAndGroupStatisticsOfDistantData(Device device) {
    double eps = 1e-5;
    for (double mean : new double[] {1e4, 1e6}) {
      float[] x = data(mean);
      try (Scope scope = Scope.open()) {
        Tensor t = Tensor.of(x, Shape.of(COLUMNS, ROWS), device);
        double[] y = Normalization.layerNorm(t, Shape.of(ROWS), NONE, NONE, eps).toDoubleArray();
        double[] z =
            Normalization.groupNorm(t.reshape(COLUMNS, 2, ROWS / 2), 1, NONE, NONE, eps)
                .toDoubleArray();
        for (int r = 0; r < COLUMNS; r++) {
          double[] v = new double[ROWS];
          for (int i = 0; i < ROWS; i++) {
            v[i] = x[r * ROWS + i];
          }
          double m = mean(v);
          double scale = 1 / Math.sqrt(variance(v, ROWS) + eps);
          for (int i = 0; i < ROWS; i++) {
            assertThat(y[r * ROWS + i]).isCloseTo((v[i] - m) * scale, within(2e-6));
            assertThat(z[r * ROWS + i]).isEqualTo(y[r * ROWS + i]);
          }
        }
      }
    }
  }

  @OnEachDevice
  void equalElementsHaveNoVariance(Device device) {
    for (float value : new float[] {0.1f, 1e6f / 3, -1e-20f, 1e30f}) {
      try (Scope scope = Scope.open()) {
        Tensor t = Tensor.full(Shape.of(1001, 7), value, DType.FLOAT32, device);
        assertThat(t.var(0).toFloatArray()).as("of %s", value).containsOnly(0f);
        assertThat(t.std().item()).isZero();
        Tensor y = Normalization.batchNorm(t, NONE, NONE, NONE, NONE, true, 0.1, 1e-5);
        assertThat(y.abs().toFloatArray()).containsOnly(0f);
        Tensor z = Normalization.layerNorm(t, Shape.of(7), NONE, NONE, 1e-5);
        assertThat(z.abs().toFloatArray()).containsOnly(0f);
      }
    }
  }

  /** PyTorch's answers, from its definition: a division by n - 1, and nothing else special. */
  @OnEachDevice
  void fewElementsAndNonFiniteOnes(Device device) {
    try (Scope scope = Scope.open()) {
      Tensor one = Tensor.of(new float[] {3}, device);
      assertThat(one.var(0).item()).isNaN();
      assertThat(Reductions.var(one, new int[] {0}, false, false).item()).isZero();
      Tensor none = Tensor.zeros(Shape.of(0, 2), DType.FLOAT32, device);
      assertThat(none.var(0).toFloatArray()).containsOnly(Float.NaN);
      for (float odd : new float[] {Float.POSITIVE_INFINITY, Float.NaN}) {
        assertThat(Tensor.of(new float[] {1, odd, 2}, device).var(0).item()).isNaN();
        assertThat(Tensor.of(new float[] {odd, 1, 2}, device).var(0).item()).isNaN();
      }
    }
  }

  /** d var / dx = 2 (x - mean) / (n - 1). */
  @OnEachDevice
  void gradientOfDistantData(Device device) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new float[] {1e6f, 1e6f + 1, 1e6f + 5}, device).requiresGrad(true);
      x.var(0).backward();
      float[] dx = x.grad().orElseThrow().toFloatArray();
      assertThat(dx[0]).isCloseTo(-2, within(1e-6f));
      assertThat(dx[1]).isCloseTo(-1, within(1e-6f));
      assertThat(dx[2]).isCloseTo(3, within(1e-6f));
    }
  }
}
