package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.Pool2dSpec;

/** Pooling of images: the largest or the mean of each window. */
public final class Pooling {
  private Pooling() {}

  /**
   * Takes the largest element of each window; the gradient goes to the first of equals.
   *
   * @param x [n, c, h, w]
   * @param spec the window
   * @param ceilMode whether a last, partial window counts
   * @return [n, c, oh, ow]
   */
  public static Tensor maxPool2d(Tensor x, Pool2dSpec spec, boolean ceilMode) {
    Check.floating("max_pool2d", "input", x);
    Shape shape = ShapeRules.pool2d("max_pool2d", x, spec, ceilMode);
    Tensor in = Check.dense("max_pool2d", "input", x);
    FusedOps ops = x.device().backend().fused();
    Tensor y = Tensor.empty(shape, x.dtype(), x.device());
    Tensor index = Tensor.empty(shape, DType.INT32, x.device());
    ops.maxPool2d(y.view(), index.view(), in.view(), spec);
    return Autograd.record(
        "max_pool2d",
        y,
        Edge.of(
            x,
            dy -> {
              Autograd.firstOrderOnly("max_pool2d");
              Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
              ops.maxPool2dGrad(
                  dx.view(),
                  Check.dense("max_pool2d", "dy", dy).view(),
                  index.view("max_pool2d", "saved"),
                  spec);
              return dx;
            }));
  }

  /**
   * Averages each window.
   *
   * @param x [n, c, h, w]
   * @param spec the window; its dilation must be 1
   * @param ceilMode whether a last, partial window counts
   * @return [n, c, oh, ow]
   */
  public static Tensor avgPool2d(Tensor x, Pool2dSpec spec, boolean ceilMode) {
    Check.floating("avg_pool2d", "input", x);
    Shape shape = ShapeRules.pool2d("avg_pool2d", x, spec, ceilMode);
    ShapeRules.require(
        spec.dilationH() == 1 && spec.dilationW() == 1,
        "[avg_pool2d] dilation ("
            + spec.dilationH()
            + ", "
            + spec.dilationW()
            + ") must be 1; only max pooling can be dilated");
    FusedOps ops = x.device().backend().fused();
    Tensor y = Tensor.empty(shape, x.dtype(), x.device());
    ops.avgPool2d(y.view(), Check.dense("avg_pool2d", "input", x).view(), spec);
    return Autograd.record(
        "avg_pool2d",
        y,
        Edge.of(
            x,
            dy -> {
              Autograd.firstOrderOnly("avg_pool2d");
              Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
              ops.avgPool2dGrad(dx.view(), Check.dense("avg_pool2d", "dy", dy).view(), spec);
              return dx;
            }));
  }

  /**
   * Averages parts that divide the image into a given grid.
   *
   * @param x [n, c, h, w]
   * @param outputH rows of the grid
   * @param outputW columns of the grid
   * @return [n, c, outputH, outputW]
   */
  public static Tensor adaptiveAvgPool2d(Tensor x, int outputH, int outputW) {
    Check.floating("adaptive_avg_pool2d", "input", x);
    ShapeRules.rank("adaptive_avg_pool2d", "input", x, 4, "NCHW");
    ShapeRules.require(
        outputH > 0 && outputW > 0 && x.size(2) > 0 && x.size(3) > 0,
        "[adaptive_avg_pool2d] input "
            + x.describe()
            + " and output ("
            + outputH
            + ", "
            + outputW
            + ") must have rows and columns");
    FusedOps ops = x.device().backend().fused();
    Shape shape = Shape.of(x.size(0), x.size(1), outputH, outputW);
    Tensor y = Tensor.empty(shape, x.dtype(), x.device());
    ops.adaptiveAvgPool2d(y.view(), Check.dense("adaptive_avg_pool2d", "input", x).view());
    return Autograd.record(
        "adaptive_avg_pool2d",
        y,
        Edge.of(
            x,
            dy -> {
              Autograd.firstOrderOnly("adaptive_avg_pool2d");
              Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
              ops.adaptiveAvgPool2dGrad(
                  dx.view(), Check.dense("adaptive_avg_pool2d", "dy", dy).view());
              return dx;
            }));
  }
}
