package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Pooling;
import dev.kiln.ops.Pooling3d;
import dev.kiln.ops.Rearranging;

/** Pooling. */
public final class PoolingOps {
  private PoolingOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op(
        "max_pool2d", (in, at) -> Pooling.maxPool2d(in.x(), spec(at), at.flag("ceil_mode", false)));
    t.op(
        "avg_pool2d",
        (in, at) -> {
          boolean ceil = at.flag("ceil_mode", false);
          return at.has("divisor_override")
              ? Pooling.avgPool2d(in.x(), spec(at), ceil, at.integer("divisor_override"))
              : Pooling.avgPool2d(in.x(), spec(at), ceil);
        });
    t.op(
        "adaptive_avg_pool2d",
        (in, at) -> {
          int[] grid = grid(in.x(), at);
          return Pooling.adaptiveAvgPool2d(in.x(), grid[0], grid[1]);
        });
    t.op(
        "adaptive_max_pool2d",
        (in, at) -> {
          int[] grid = grid(in.x(), at);
          return Pooling.adaptiveMaxPool2d(in.x(), grid[0], grid[1]);
        });
    t.op(
        "max_pool1d",
        (in, at) ->
            Pooling.maxPool1d(
                in.x(),
                at.integer("kernel"),
                at.integer("stride", at.integer("kernel")),
                at.integer("padding", 0),
                at.integer("dilation", 1),
                at.flag("ceil_mode", false)));
    t.op(
        "avg_pool1d",
        (in, at) ->
            Pooling.avgPool1d(
                in.x(),
                at.integer("kernel"),
                at.integer("stride", at.integer("kernel")),
                at.integer("padding", 0),
                at.flag("ceil_mode", false),
                at.flag("count_include_pad", true)));
    t.op(
        "max_pool3d",
        (in, at) ->
            Pooling3d.maxPool3d(
                in.x(),
                kernel(at, 3),
                stride(at, 3),
                at.ints("padding", 3, 0),
                at.ints("dilation", 3, 1),
                at.flag("ceil_mode", false)));
    t.op(
        "unfold",
        (in, at) -> {
          int[] kernel = kernel(at, 2);
          int[] stride = at.ints("stride", 2, 1);
          int[] padding = at.ints("padding", 2, 0);
          int[] dilation = at.ints("dilation", 2, 1);
          return Rearranging.unfold(
              in.x(),
              new Pool2dSpec(
                  kernel[0],
                  kernel[1],
                  stride[0],
                  stride[1],
                  padding[0],
                  padding[1],
                  dilation[0],
                  dilation[1],
                  true));
        });
  }

  private static int[] kernel(Attrs at, int axes) {
    at.longs("kernel"); // there is no default
    return at.ints("kernel", axes, 0);
  }

  /** Without a stride, windows touch. */
  private static int[] stride(Attrs at, int axes) {
    boolean given = at.has("stride") && at.longs("stride").length > 0;
    return given ? at.ints("stride", axes, 1) : kernel(at, axes);
  }

  /** A size that is null stays as it is. */
  private static int[] grid(Tensor x, Attrs at) {
    int[] grid = at.ints("output", 2, -1);
    return new int[] {
      grid[0] >= 0 ? grid[0] : Math.toIntExact(x.size(-2)),
      grid[1] >= 0 ? grid[1] : Math.toIntExact(x.size(-1))
    };
  }

  private static Pool2dSpec spec(Attrs at) {
    int[] kernel = kernel(at, 2);
    int[] stride = stride(at, 2);
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
        at.flag("count_include_pad", true));
  }
}
