package dev.kiln.cli.conform.ops;

import dev.kiln.backend.Pool2dSpec;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Pooling;

/** Pooling. */
public final class PoolingOps {
  private PoolingOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op(
        "max_pool2d", (in, at) -> Pooling.maxPool2d(in.x(), spec(at), at.flag("ceil_mode", false)));
    t.op(
        "avg_pool2d", (in, at) -> Pooling.avgPool2d(in.x(), spec(at), at.flag("ceil_mode", false)));
    t.op(
        "adaptive_avg_pool2d",
        (in, at) -> {
          int[] grid = at.ints("output", 2, 1);
          return Pooling.adaptiveAvgPool2d(in.x(), grid[0], grid[1]);
        });
  }

  private static Pool2dSpec spec(Attrs at) {
    at.ints("kernel"); // must be given
    int[] kernel = at.ints("kernel", 2, 0);
    boolean own = at.has("stride") && at.ints("stride").length > 0;
    int[] stride = own ? at.ints("stride", 2, 0) : kernel;
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
