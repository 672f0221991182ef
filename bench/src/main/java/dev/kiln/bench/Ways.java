package dev.kiln.bench;

import dev.kiln.DType;
import dev.kiln.Precision;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Backend;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.ReduceOp;
import dev.kiln.backend.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The same result computed in more than one way, so that a device says which way it is to take. The
 * names are {@code ways.WHAT.SHAPE.WAY}.
 *
 * <ul>
 *   <li>{@code ways.pointwise}: convolutions 1x1 of stride 1, forward and both gradients, batch 32:
 *       {@code conv}, as a convolution, and {@code product}, as a matrix product for each image
 *       (whose sum is the gradient of the weight).
 *   <li>{@code ways.vector}: a matrix times a vector and a vector times a matrix: {@code product},
 *       as the device computes it now, {@code turned}, as the product of the transposed operands,
 *       and {@code read}, the sum of all elements of the matrix, which reads as much. A product
 *       that takes as long as {@code read} has nothing to gain from a kernel of its own.
 * </ul>
 */
final class Ways {
  private static final String PREFIX = "ways.";

  private static final int BATCH = 32;

  /** Inputs, outputs and the side of the image: of ResNet-50, from its first stage to its last. */
  private static final int[][] POINTWISE = {
    {64, 256, 56}, {256, 64, 56}, {1024, 256, 14}, {512, 2048, 7}
  };

  private static final int[] SIDES = {512, 4096};

  private Ways() {}

  static List<Task> tasks() {
    List<Task> tasks = new ArrayList<>();
    for (int[] p : POINTWISE) {
      for (Direction direction : Direction.values()) {
        String name =
            PREFIX + "pointwise." + p[0] + "to" + p[1] + "at" + p[2] + "." + direction.text;
        double flops = 2.0 * BATCH * p[0] * p[1] * p[2] * p[2];
        tasks.add(Task.of(name + ".conv", flops, s -> new Pointwise(s, BATCH, p).conv(direction)));
        tasks.add(
            Task.of(name + ".product", flops, s -> new Pointwise(s, BATCH, p).product(direction)));
      }
    }
    for (int n : SIDES) {
      for (boolean row : new boolean[] {false, true}) {
        String name = PREFIX + "vector." + (row ? "row" : "column") + n;
        double flops = 2.0 * n * n;
        tasks.add(Task.of(name + ".product", flops, s -> new Vector(s, n, row).product()));
        tasks.add(Task.of(name + ".turned", flops, s -> new Vector(s, n, row).turned()));
        tasks.add(Task.of(name + ".read", flops, s -> read(s, n)));
      }
    }
    return tasks;
  }

  /** Random values of the type that the setting's products are of. */
  private static View random(Setting s, long... shape) {
    Tensor values = s.random(shape);
    return (s.precision() == Precision.BF16 ? values.to(DType.BFLOAT16) : values).view();
  }

  // ---- A matrix and a vector ----

  /** A matrix times a column, or a row times a matrix. */
  static final class Vector {
    private final Setting s;
    private final boolean row;
    private final View matrix;
    private final View vector;
    private final View out;

    Vector(Setting s, int n, boolean row) {
      this.s = s;
      this.row = row;
      matrix = random(s, 1, n, n);
      vector = random(s, 1, row ? 1 : n, row ? n : 1);
      out = random(s, 1, row ? 1 : n, row ? n : 1);
    }

    View out() {
      return out;
    }

    Runnable product() {
      return row
          ? s.run(() -> Ways.product(s, out, vector, matrix, false, false))
          : s.run(() -> Ways.product(s, out, matrix, vector, false, false));
    }

    /** A vector lies as its own transpose does: only the matrix is turned. */
    Runnable turned() {
      Shape flat = Shape.of(1, vector.shape().dim(2), vector.shape().dim(1));
      View result = out.reshape(flat);
      View other = vector.reshape(flat);
      return row
          ? s.run(() -> Ways.product(s, result, matrix, other, true, false))
          : s.run(() -> Ways.product(s, result, other, matrix, false, true));
    }
  }

  private static Runnable read(Setting s, int n) {
    View matrix = random(s, 1, n, n);
    View sum = random(s, 1, 1, 1);
    return s.run(() -> s.device().backend().reduce(ReduceOp.SUM, sum, matrix, 0, 1, 2));
  }

  private static void product(Setting s, View out, View a, View b, boolean turnA, boolean turnB) {
    s.device().backend().matmul(out, a, b, Optional.empty(), turnA, turnB, 1, 0, Epilogue.NONE);
  }

  // ---- Convolutions 1x1 ----

  enum Direction {
    FORWARD("forward"),
    INPUT("input"),
    WEIGHT("weight");

    private final String text;

    Direction(String text) {
      this.text = text;
    }
  }

  /** The operands of a convolution and of its gradients, any of which may be written to. */
  static final class Pointwise {
    private final Setting s;
    private final Backend backend;
    private final int batch;
    private final long in;
    private final long out;
    private final long pixels;
    private final View x;
    private final View y;
    private final View weight;
    private final Conv2dSpec spec = new Conv2dSpec(1, 1, 0, 0, 1, 1, 1);

    /**
     * @param sizes inputs, outputs, and the side of the images
     */
    Pointwise(Setting s, int batch, int... sizes) {
      this.s = s;
      this.batch = batch;
      backend = s.device().backend();
      in = sizes[0];
      out = sizes[1];
      pixels = (long) sizes[2] * sizes[2];
      x = random(s, batch, in, sizes[2], sizes[2]);
      y = random(s, batch, out, sizes[2], sizes[2]);
      weight = random(s, out, in, 1, 1);
    }

    /** What a direction computes. */
    View result(Direction direction) {
      return switch (direction) {
        case FORWARD -> y;
        case INPUT -> x;
        case WEIGHT -> weight;
      };
    }

    Runnable conv(Direction direction) {
      return s.run(
          switch (direction) {
            case FORWARD ->
                () -> backend.fused().conv2d(y, x, weight, Optional.empty(), spec, Epilogue.NONE);
            case INPUT -> () -> backend.fused().conv2dGradInput(x, y, weight, spec);
            case WEIGHT -> () -> backend.fused().conv2dGradWeight(weight, y, x, spec);
          });
    }

    Runnable product(Direction direction) {
      View images = x.reshape(Shape.of(batch, in, pixels));
      View results = y.reshape(Shape.of(batch, out, pixels));
      View filters = weight.reshape(Shape.of(1, out, in));
      return switch (direction) {
        case FORWARD -> s.run(() -> Ways.product(s, results, filters, images, false, false));
        case INPUT -> s.run(() -> Ways.product(s, images, filters, results, true, false));
        case WEIGHT -> {
          View each = random(s, batch, out, in);
          yield s.run(
              () -> {
                Ways.product(s, each, results, images, false, true);
                backend.reduce(ReduceOp.SUM, filters, each, 0);
              });
        }
      };
    }
  }
}
