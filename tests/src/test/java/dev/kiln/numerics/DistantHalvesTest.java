package dev.kiln.numerics;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Normalization;
import dev.kiln.testing.AgainstOracle;
import dev.kiln.testing.OnEachDevice;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;

/**
 * Gradients of normalisations of 16-bit data far from 0, within two roundings of the results: they
 * need means and deviations to more digits than 16 bits have.
 */
class DistantHalvesTest {
  private static final double SLACK = 0.25;
  private static final double EPS = 1e-5;

  /** Rows, and elements of each: such as are held by lanes, by a block, and walked through. */
  private static final int[][] SIZES = {{40, 96}, {6, 1000}, {2, 20_000}};

  private static double[] around(double mean, Shape shape) {
    return new Random(5).doubles(shape.numel(), mean - 1.7, mean + 1.7).toArray();
  }

  private static void agree(
      Device device, String op, Shape x, Shape weight, Function<List<Tensor>, Tensor> f) {
    for (DType type : List.of(DType.BFLOAT16, DType.FLOAT16)) {
      for (double mean : new double[] {50, -300}) {
        new AgainstOracle(device, type, false)
            .agree(
                op + x + " around " + mean,
                f,
                SLACK,
                around(mean, x),
                x,
                AgainstOracle.random(6, weight, 1),
                weight,
                AgainstOracle.random(7, weight, 1),
                weight);
      }
    }
  }

  @OnEachDevice
  void layerNorm(Device device) {
    for (int[] size : SIZES) {
      Shape row = Shape.of(size[1]);
      agree(
          device,
          "layer_norm",
          Shape.of(size[0], size[1]),
          row,
          t ->
              Normalization.layerNorm(
                  t.get(0), row, Optional.of(t.get(1)), Optional.of(t.get(2)), EPS));
    }
  }

  @OnEachDevice
  void groupNorm(Device device) {
    for (int[] size : SIZES) {
      agree(
          device,
          "group_norm",
          Shape.of(size[0] / 2, 4, size[1] / 2),
          Shape.of(4),
          t ->
              Normalization.groupNorm(
                  t.get(0), 2, Optional.of(t.get(1)), Optional.of(t.get(2)), EPS));
    }
  }

  @OnEachDevice
  void batchNorm(Device device) {
    for (Shape x : new Shape[] {Shape.of(200, 9), Shape.of(30, 5, 7), Shape.of(3, 4, 400)}) {
      agree(
          device,
          "batch_norm",
          x,
          Shape.of(x.dim(1)),
          t ->
              Normalization.batchNorm(
                  t.get(0),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.of(t.get(1)),
                  Optional.of(t.get(2)),
                  true,
                  0.1,
                  EPS));
    }
  }

  @OnEachDevice
  void rmsNorm(Device device) {
    for (int[] size : SIZES) {
      Shape row = Shape.of(size[1]);
      agree(
          device,
          "rms_norm",
          Shape.of(size[0], size[1]),
          row,
          t -> Normalization.rmsNorm(t.get(0), row, Optional.of(t.get(1)), EPS));
    }
  }
}
