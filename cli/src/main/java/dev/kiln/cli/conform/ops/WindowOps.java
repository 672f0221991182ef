package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Folding;
import dev.kiln.ops.FractionalPooling;
import dev.kiln.ops.Pooling;
import dev.kiln.ops.Pooling.Maxima;
import dev.kiln.ops.Pooling3d;
import dev.kiln.ops.PowerPooling;
import dev.kiln.ops.Unpooling;
import java.util.Arrays;
import java.util.Map;

/** Pooling that tells positions, pooling of volumes, by p-norms and by fractions, and inverses. */
public final class WindowOps {
  private WindowOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.outputs(
        "max_pool1d_with_indices",
        (in, at) ->
            both(
                Pooling.maxPool1dWithIndices(
                    in.x(),
                    kernel(at, 1)[0],
                    stride(at, 1)[0],
                    at.integer("padding", 0),
                    at.integer("dilation", 1),
                    at.flag("ceil_mode", false))));
    t.outputs(
        "max_pool2d_with_indices",
        (in, at) ->
            both(
                Pooling.maxPool2dWithIndices(
                    in.x(), spec(at, stride(at, 2)), at.flag("ceil_mode", false))));
    t.outputs(
        "max_pool3d_with_indices",
        (in, at) ->
            both(
                Pooling3d.maxPool3dWithIndices(
                    in.x(),
                    kernel(at, 3),
                    stride(at, 3),
                    at.ints("padding", 3, 0),
                    at.ints("dilation", 3, 1),
                    at.flag("ceil_mode", false))));
    t.op("avg_pool3d", WindowOps::avgPool3d);
    t.op(
        "adaptive_avg_pool1d",
        (in, at) -> Pooling.adaptiveAvgPool1d(in.x(), grid(in.x(), at, 1)[0]));
    t.op(
        "adaptive_avg_pool3d",
        (in, at) -> {
          int[] grid = grid(in.x(), at, 3);
          return Pooling3d.adaptiveAvgPool3d(in.x(), grid[0], grid[1], grid[2]);
        });
    t.outputs(
        "adaptive_max_pool1d_with_indices",
        (in, at) -> both(Pooling.adaptiveMaxPool1dWithIndices(in.x(), grid(in.x(), at, 1)[0])));
    t.outputs(
        "adaptive_max_pool2d_with_indices",
        (in, at) -> {
          int[] grid = grid(in.x(), at, 2);
          return both(Pooling.adaptiveMaxPool2dWithIndices(in.x(), grid[0], grid[1]));
        });
    t.outputs(
        "adaptive_max_pool3d_with_indices",
        (in, at) -> {
          int[] grid = grid(in.x(), at, 3);
          return both(Pooling3d.adaptiveMaxPool3dWithIndices(in.x(), grid[0], grid[1], grid[2]));
        });
    for (int axes = 1; axes <= 3; axes++) {
      int n = axes;
      t.op(
          "lp_pool" + n + "d",
          (in, at) ->
              PowerPooling.lpPool(
                  in.x(),
                  at.number("norm_type"),
                  kernel(at, n),
                  stride(at, n),
                  at.flag("ceil_mode", false)));
      t.op("max_unpool" + n + "d", WindowOps::maxUnpool);
    }
    for (int axes = 2; axes <= 3; axes++) {
      int n = axes;
      t.outputs(
          "fractional_max_pool" + n + "d",
          (in, at) ->
              both(
                  FractionalPooling.fractionalMaxPool(
                      in.x(), kernel(at, n), at.ints("output", n, 1), in.get("samples"))));
    }
    t.op(
        "fold",
        (in, at) -> {
          int[] size = at.ints("output_size", 2, 1);
          return Folding.fold(in.x(), size[0], size[1], spec(at, at.ints("stride", 2, 1)));
        });
  }

  private static Map<String, Tensor> both(Maxima m) {
    return Map.of("values", m.values(), "indices", m.indices());
  }

  private static Tensor avgPool3d(Inputs in, Attrs at) {
    int[] padding = at.ints("padding", 3, 0);
    boolean ceil = at.flag("ceil_mode", false);
    return at.has("divisor_override")
        ? Pooling3d.avgPool3d(
            in.x(), kernel(at, 3), stride(at, 3), padding, ceil, at.integer("divisor_override"))
        : Pooling3d.avgPool3d(
            in.x(),
            kernel(at, 3),
            stride(at, 3),
            padding,
            ceil,
            at.flag("count_include_pad", true));
  }

  private static Tensor maxUnpool(Inputs in, Attrs at) {
    return Unpooling.maxUnpool(in.x(), in.get("indices"), at.longs("output_size"));
  }

  private static int[] kernel(Attrs at, int axes) {
    at.longs("kernel"); // there is no default
    return at.ints("kernel", axes, 0);
  }

  /** Without a stride, windows touch. */
  private static int[] stride(Attrs at, int axes) {
    return at.has("stride") ? at.ints("stride", axes, 1) : kernel(at, axes);
  }

  /** A size that is null stays as it is. */
  private static int[] grid(Tensor x, Attrs at, int axes) {
    int[] grid = at.ints("output", axes, -1);
    Arrays.setAll(grid, i -> grid[i] >= 0 ? grid[i] : Math.toIntExact(x.size(i - axes)));
    return grid;
  }

  private static Pool2dSpec spec(Attrs at, int[] stride) {
    int[] kernel = kernel(at, 2);
    int[] padding = at.ints("padding", 2, 0);
    int[] dilation = at.ints("dilation", 2, 1);
    return new Pool2dSpec(
        kernel[0],
        kernel[1],
        stride[0],
        stride[1],
        padding[0],
        padding[1],
        dilation[0],
        dilation[1],
        true);
  }
}
