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
  private static final int[] WIDTHS = {
    1, 2, 3, 7, 8, 31, 32, 33, 64, 255, 256, 257, 511, 512, 513, 1000, 1023, 1024, 1025, 2048, 4096,
    4097, 8193
  };

  /** The last widths whose rows are held whole by a block, and beyond. */
  private static final int[] WIDE = {16_384, 16_385, 40_001, 40_008};

  private static final Optional<Tensor> NONE = Optional.empty();

  private interface AtWidth {
    void check(AgainstOracle against, int width);
  }

  private static void everywhere(Device device, AtWidth test) {
    for (DType type : AgainstOracle.TYPES) {
      for (boolean shifted : new boolean[] {false, true}) {
        AgainstOracle against = new AgainstOracle(device, type, shifted);
        for (int width : WIDTHS) {
          test.check(against, width);
        }
      }
      for (int width : WIDE) {
        test.check(new AgainstOracle(device, type, width % 2 == 0), width);
      }
    }
  }

  @OnEachDevice
  void softmax(Device device) {
    everywhere(
        device,
        (against, n) -> {
          // More rows than a block has warps, where rows are short.
          Shape shape = Shape.of(n < 40 ? 37 : 3, n);
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
          Shape shape = Shape.of(n < 40 ? 37 : 3, n);
          double[] x = AgainstOracle.random(n, shape, 4);
          long[] labels = new long[(int) shape.dim(0)];
          for (int row = 0; row < labels.length; row++) {
            labels[row] = row % 5 == 1 ? Losses.IGNORE_INDEX : row * 31L % n;
          }
          labels[labels.length - 1] = n - 1;
          for (int kind = 0; kind < 4; kind++) {
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
}
