package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.testing.AgainstOracle;
import dev.kiln.testing.OnEachDevice;
import java.util.Optional;

/**
 * Ops on rows at widths around those where kernels change, in every type, aligned and not, with
 * their gradients: against the oracle's float64.
 */
class RowOpsTest {
  /**
   * Rows are held by lanes of a warp up to 512 (FLOAT64: 256), by blocks of 64 to 1024 (512)
   * threads up to 16384 (4096), and walked through beyond.
   */
  private static final int[] WIDTHS = {
    1, 2, 3, 7, 8, 31, 32, 33, 64, 255, 256, 257, 511, 512, 513, 1000, 1024, 1025, 2048, 4096, 4097,
    4104, 8193, 16_384, 16_385, 16_392
  };

  private static final int WIDE = 1100;

  private static final Optional<Tensor> NONE = Optional.empty();

  private interface AtWidth {
    void check(AgainstOracle against, int width);
  }

  private static void everywhere(Device device, AtWidth test) {
    for (DType type : AgainstOracle.TYPES) {
      for (int width : WIDTHS) {
        if (type == DType.FLOAT64 && width > 4104) {
          continue; // walked through like 4097 and 4104
        }
        test.check(new AgainstOracle(device, type, false), width);
        // Rows of other widths are read element by element in any case.
        if (width % 8 == 0 && width % 1024 != 0) {
          test.check(new AgainstOracle(device, type, true), width);
        }
      }
    }
  }

  /** More rows than a block has warps where they are short; two where they are wide. */
  private static Shape rows(int n) {
    return Shape.of(n < 40 ? 37 : n < WIDE ? 3 : 2, n);
  }

  @OnEachDevice
  void softmax(Device device) {
    everywhere(
        device,
        (against, n) -> {
          Shape shape = rows(n);
          double[] x = AgainstOracle.random(n, shape, 4);
          against.agree("softmax " + n, t -> t.get(0).softmax(1), 1, x, shape);
          against.agree("log_softmax " + n, t -> t.get(0).logSoftmax(1), 1, x, shape);
        });
  }

  @OnEachDevice
  void softmaxOfInfinitiesAndNaN(Device device) {
    double inf = Double.POSITIVE_INFINITY;
    for (DType type : AgainstOracle.TYPES) {
      AgainstOracle against = new AgainstOracle(device, type, false);
      for (int n : new int[] {5, 64, 700, 20_001}) {
        Shape shape = Shape.of(7, n);
        double[] x = AgainstOracle.random(n, shape, 2);
        java.util.Arrays.fill(x, 0, n, -inf); // all masked: NaN
        java.util.Arrays.fill(x, n, 2 * n - 1, -inf); // all but one
        x[2 * n] = -inf;
        x[3 * n + 1] = inf;
        x[4 * n + 2] = Double.NaN;
        x[5 * n + 3] = 6e4; // the others vanish
        against.agree("softmax " + n, t -> t.get(0).softmax(1), 1, x, shape);
        against.agree("log_softmax " + n, t -> t.get(0).logSoftmax(1), 1, x, shape);
      }
    }
  }

  @OnEachDevice
  void crossEntropy(Device device) {
    everywhere(
        device,
        (against, n) -> {
          Shape shape = rows(n);
          double[] x = AgainstOracle.random(n, shape, 4);
          long[] labels = new long[(int) shape.dim(0)];
          for (int row = 0; row < labels.length; row++) {
            labels[row] = row % 5 == 1 ? Losses.IGNORE_INDEX : row * 31L % n;
          }
          labels[labels.length - 1] = n - 1L;
          for (int kind = 0; kind < 4; kind += n < WIDE ? 1 : 3) {
            double smoothing = kind % 2 == 0 ? 0 : 0.2;
            boolean weighted = kind >= 2;
            Shape classes = Shape.of(n);
            against.agree(
                "cross_entropy " + n + " " + smoothing + " " + weighted,
                t ->
                    Losses.crossEntropy(
                        t.get(0),
                        Tensor.of(labels, t.get(0).device()),
                        weighted ? Optional.of(t.get(1).detach()) : NONE,
                        smoothing,
                        Losses.IGNORE_INDEX,
                        Reduction.NONE),
                1,
                x,
                shape,
                AgainstOracle.random(n + 1, classes, 1),
                classes);
          }
        });
  }

  private static void norms(AgainstOracle against, int n, double mean, double slack) {
    Shape shape = rows(n);
    Shape vector = Shape.of(n);
    double[] x = AgainstOracle.random(n, shape, 2);
    for (int i = 0; i < x.length; i++) {
      x[i] += mean;
    }
    double[] w = AgainstOracle.random(n + 1, vector, 1);
    double[] b = AgainstOracle.random(n + 2, vector, 1);
    if (n < WIDE) {
      against.agree(
          "layer_norm " + n,
          t -> Normalization.layerNorm(t.get(0), vector, NONE, NONE, 1e-2),
          slack,
          x,
          shape);
      against.agree(
          "rms_norm " + n,
          t -> Normalization.rmsNorm(t.get(0), vector, NONE, 1e-2),
          slack,
          x,
          shape);
    }
    against.agree(
        "layer_norm affine " + n,
        t ->
            Normalization.layerNorm(
                t.get(0), vector, Optional.of(t.get(1)), Optional.of(t.get(2)), 1e-2),
        slack,
        x,
        shape,
        w,
        vector,
        b,
        vector);
    against.agree(
        "rms_norm weighted " + n,
        t -> Normalization.rmsNorm(t.get(0), vector, Optional.of(t.get(1)), 1e-2),
        slack,
        x,
        shape,
        w,
        vector);
  }

  @OnEachDevice
  void layerAndRmsNorm(Device device) {
    everywhere(device, (against, n) -> norms(against, n, 0, 4));
  }

  /** Of many rows, whose sums over rows are cut into slices. */
  @OnEachDevice
  void layerNormOfManyRows(Device device) {
    for (int n : new int[] {1, 3, 8, 130, 256}) {
      Shape shape = Shape.of(1111, n);
      Shape vector = Shape.of(n);
      new AgainstOracle(device, DType.FLOAT32, n % 2 == 1)
          .agree(
              "layer_norm",
              t ->
                  Normalization.layerNorm(
                      t.get(0), vector, Optional.of(t.get(1)), Optional.of(t.get(2)), 1e-2),
              4,
              AgainstOracle.random(n, shape, 2),
              shape,
              AgainstOracle.random(n + 1, vector, 1),
              vector,
              AgainstOracle.random(n + 2, vector, 1),
              vector);
    }
  }

  /** A mean of 4096 leaves FLOAT32 11 bits below 1, and its square none: a variance in one pass. */
  @OnEachDevice
  void layerNormFarFromZero(Device device) {
    for (int n : new int[] {100, 1000, 20_000}) {
      Shape shape = Shape.of(3, n);
      double[] x = AgainstOracle.random(n, shape, 2);
      for (int i = 0; i < x.length; i++) {
        x[i] += 4096;
      }
      new AgainstOracle(device, DType.FLOAT32, false)
          .agreeForward(
              "layer_norm far from 0",
              t -> Normalization.layerNorm(t.get(0), Shape.of(n), NONE, NONE, 1e-5),
              4,
              x,
              shape);
    }
  }

  @OnEachDevice
  void batchNorm(Device device) {
    long[][] shapes = {
      {2, 1, 1},
      {7, 3, 1},
      {300, 5, 1},
      {64, 33, 1},
      {16, 64, 1},
      {33, 5, 7},
      {5, 6, 16},
      {9, 5, 4},
      {7, 6, 12},
      {3, 2, 31},
      {3, 2, 32},
      {3, 4, 49},
      {2, 2, 1023},
      {2, 2, 1024},
      {1, 2, 1025},
      {1, 1, 3000},
      {40, 3, 36},
      {2, 1, 2048}
    };
    for (DType type : AgainstOracle.TYPES) {
      for (long[] dims : shapes) {
        for (double mean : new double[] {0, type.bytes() == 2 ? 2 : 4096}) {
          Shape shape = Shape.of(dims);
          Shape channels = Shape.of(dims[1]);
          double[] x = AgainstOracle.random(dims[0] * 31 + dims[2], shape, 2);
          for (int i = 0; i < x.length; i++) {
            x[i] += mean;
          }
          AgainstOracle against = new AgainstOracle(device, type, dims[0] % 2 == 1);
          java.util.function.Function<java.util.List<Tensor>, Tensor> plain =
              t -> Normalization.batchNorm(t.get(0), NONE, NONE, NONE, NONE, true, 0.1, 1e-2);
          if (mean != 0) {
            against.agreeForward("batch_norm far from 0 of " + shape, plain, 4, x, shape);
            continue;
          }
          against.agree("batch_norm of " + shape, plain, 4, x, shape);
          against.agree(
              "batch_norm affine of " + shape,
              t ->
                  Normalization.batchNorm(
                      t.get(0),
                      NONE,
                      NONE,
                      Optional.of(t.get(1)),
                      Optional.of(t.get(2)),
                      true,
                      0.1,
                      1e-2),
              4,
              x,
              shape,
              AgainstOracle.random(3, channels, 1),
              channels,
              AgainstOracle.random(4, channels, 1),
              channels);
        }
      }
    }
  }

  @OnEachDevice
  void batchNormByRunningStatisticsAndGroupNorm(Device device) {
    long[][] shapes = {{3, 4, 1}, {33, 6, 7}, {2, 4, 31}, {2, 2, 32}, {3, 2, 49}, {1, 2, 1025}};
    for (DType type : AgainstOracle.TYPES) {
      for (long[] dims : shapes) {
        Shape shape = Shape.of(dims);
        Shape channels = Shape.of(dims[1]);
        double[] x = AgainstOracle.random(dims[2], shape, 2);
        double[] mean = AgainstOracle.random(1, channels, 1);
        double[] variance = AgainstOracle.random(2, channels, 0.5);
        for (int c = 0; c < variance.length; c++) {
          variance[c] += 1;
        }
        double[] w = AgainstOracle.random(3, channels, 1);
        double[] b = AgainstOracle.random(4, channels, 1);
        AgainstOracle against = new AgainstOracle(device, type, dims[0] % 2 == 1);
        against.agree(
            "batch_norm by running statistics of " + shape,
            t ->
                Normalization.batchNorm(
                    t.get(0),
                    Optional.of(t.get(1).detach()),
                    Optional.of(t.get(2).detach()),
                    Optional.of(t.get(3)),
                    Optional.of(t.get(4)),
                    false,
                    0.1,
                    1e-2),
            4,
            x,
            shape,
            mean,
            channels,
            variance,
            channels,
            w,
            channels,
            b,
            channels);
        against.agree(
            "group_norm of " + shape,
            t ->
                Normalization.groupNorm(
                    t.get(0), 2, Optional.of(t.get(1)), Optional.of(t.get(2)), 1e-2),
            4,
            x,
            shape,
            w,
            channels,
            b,
            channels);
      }
    }
  }
}
