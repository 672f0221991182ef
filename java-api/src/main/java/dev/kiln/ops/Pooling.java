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
   * @param x [n, c, h, w], or [c, h, w] for one image
   * @param spec the window
   * @param ceilMode whether a last, partial window counts
   * @return [n, c, oh, ow]
   */
  public static Tensor maxPool2d(Tensor x, Pool2dSpec spec, boolean ceilMode) {
    if (x.dim() == 3) {
      return maxPool2d(x.unsqueeze(0), spec, ceilMode).squeeze(0);
    }
    Check.floating("max_pool2d", "input", x);
    Shape shape = ShapeRules.pool2d("max_pool2d", x, spec, ceilMode);
    Tensor in = Check.dense("max_pool2d", "input", x);
    FusedOps ops = x.device().backend().fused();
    Tensor y = Tensor.empty(shape, x.dtype(), x.device());
    Tensor index = Tensor.empty(shape, DType.INT32, x.device());
    ops.maxPool2d(y.view(), index.view(), in.view(), spec);
    return Autograd.record(
        "max_pool2d", y, Edge.of(x, dy -> maxPool2dGrad(dy, index, x.shape(), spec)));
  }

  /** Sends gradients back to the largest elements; its own gradient picks them out again. */
  private static Tensor maxPool2dGrad(Tensor dy, Tensor index, Shape shape, Pool2dSpec spec) {
    Tensor dx = Tensor.empty(shape, dy.dtype(), dy.device());
    dy.device()
        .backend()
        .fused()
        .maxPool2dGrad(
            dx.view(),
            Check.dense("max_pool2d", "dy", dy).view(),
            index.view("max_pool2d", "saved"),
            spec);
    return Autograd.record("max_pool2d", dx, Edge.of(dy, g -> largest(g, index)));
  }

  /** Picks the elements that were the largest; 0 for windows that lay in padding. */
  private static Tensor largest(Tensor x, Tensor index) {
    long planes = x.size(0) * x.size(1);
    Tensor at = index.reshape(planes, index.size(2) * index.size(3));
    Tensor known = Elementwise.ge(at, Elementwise.constant(at, 0));
    Tensor picked =
        x.reshape(planes, x.size(2) * x.size(3))
            .gather(1, at.where(known, Elementwise.constant(at, 0)));
    return picked.where(known, Elementwise.constant(picked, 0)).reshape(index.shape().dims());
  }

  /**
   * Averages each window.
   *
   * @param x [n, c, h, w], or [c, h, w] for one image
   * @param spec the window; its dilation must be 1
   * @param ceilMode whether a last, partial window counts
   * @return [n, c, oh, ow]
   */
  public static Tensor avgPool2d(Tensor x, Pool2dSpec spec, boolean ceilMode) {
    if (x.dim() == 3) {
      return avgPool2d(x.unsqueeze(0), spec, ceilMode).squeeze(0);
    }
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
        "avg_pool2d", y, Edge.of(x, dy -> avgPool2dGrad(dy, x.shape(), spec, ceilMode)));
  }

  /** Spreads gradients over the windows; being linear, its gradient is the average again. */
  private static Tensor avgPool2dGrad(Tensor dy, Shape shape, Pool2dSpec spec, boolean ceilMode) {
    Tensor dx = Tensor.empty(shape, dy.dtype(), dy.device());
    dy.device()
        .backend()
        .fused()
        .avgPool2dGrad(dx.view(), Check.dense("avg_pool2d", "dy", dy).view(), spec);
    return Autograd.record("avg_pool2d", dx, Edge.of(dy, g -> avgPool2d(g, spec, ceilMode)));
  }

  /**
   * Sums each window and divides by a given number.
   *
   * @param x [n, c, h, w], or [c, h, w] for one image
   * @param spec the window; its dilation must be 1
   * @param ceilMode whether a last, partial window counts
   * @param divisor what each window's sum is divided by, whatever part of it is padding
   * @return [n, c, oh, ow]
   */
  public static Tensor avgPool2d(Tensor x, Pool2dSpec spec, boolean ceilMode, int divisor) {
    if (x.dim() == 3) {
      return avgPool2d(x.unsqueeze(0), spec, ceilMode, divisor).squeeze(0);
    }
    ShapeRules.require(divisor != 0, "[avg_pool2d] divisor_override must not be 0");
    Shape shape = ShapeRules.pool2d("avg_pool2d", x, spec, ceilMode);
    // With all padding in the image every window is whole, so its mean times its size is its sum.
    int bottom = missing(x.size(2), shape.dim(2), spec.kernelH(), spec.strideH(), spec.paddingH());
    int right = missing(x.size(3), shape.dim(3), spec.kernelW(), spec.strideW(), spec.paddingW());
    Tensor whole = Shaping.padConstant(x, 0, spec.paddingW(), right, spec.paddingH(), bottom);
    Pool2dSpec inside =
        new Pool2dSpec(
            spec.kernelH(), spec.kernelW(), spec.strideH(), spec.strideW(), 0, 0, 1, 1, true);
    double size = (double) spec.kernelH() * spec.kernelW();
    return avgPool2d(whole, inside, false).mul(size / divisor);
  }

  private static int missing(long size, long windows, int kernel, int stride, int padding) {
    return Math.toIntExact(Math.max(0, (windows - 1) * stride + kernel - padding - size));
  }

  /**
   * Averages parts that divide the image into a given grid.
   *
   * @param x [n, c, h, w], or [c, h, w] for one image
   * @param outputH rows of the grid
   * @param outputW columns of the grid
   * @return [n, c, outputH, outputW]
   */
  public static Tensor adaptiveAvgPool2d(Tensor x, int outputH, int outputW) {
    if (x.dim() == 3) {
      return adaptiveAvgPool2d(x.unsqueeze(0), outputH, outputW).squeeze(0);
    }
    Check.floating("adaptive_avg_pool2d", "input", x);
    ShapeRules.rank("adaptive_avg_pool2d", "input", x, 4, "NCHW");
    ShapeRules.require(
        outputH >= 0 && outputW >= 0 && x.size(2) > 0 && x.size(3) > 0,
        "[adaptive_avg_pool2d] input "
            + x.describe()
            + " and output ("
            + outputH
            + ", "
            + outputW
            + ") must not be negative, and the image must have rows and columns");
    if (outputH == 0 || outputW == 0) {
      return nothing(x, outputH, outputW);
    }
    FusedOps ops = x.device().backend().fused();
    Shape shape = Shape.of(x.size(0), x.size(1), outputH, outputW);
    Tensor y = Tensor.empty(shape, x.dtype(), x.device());
    ops.adaptiveAvgPool2d(y.view(), Check.dense("adaptive_avg_pool2d", "input", x).view());
    return Autograd.record(
        "adaptive_avg_pool2d", y, Edge.of(x, dy -> adaptiveAvgPool2dGrad(dy, x.shape())));
  }

  /** Spreads gradients over the parts; being linear, its gradient is the average again. */
  private static Tensor adaptiveAvgPool2dGrad(Tensor dy, Shape shape) {
    Tensor dx = Tensor.empty(shape, dy.dtype(), dy.device());
    dy.device()
        .backend()
        .fused()
        .adaptiveAvgPool2dGrad(dx.view(), Check.dense("adaptive_avg_pool2d", "dy", dy).view());
    int h = Math.toIntExact(dy.size(2));
    int w = Math.toIntExact(dy.size(3));
    return Autograd.record("adaptive_avg_pool2d", dx, Edge.of(dy, g -> adaptiveAvgPool2d(g, h, w)));
  }

  /**
   * Takes the largest element of parts that divide the image into a given grid.
   *
   * @param x [n, c, h, w], or [c, h, w] for one image
   * @param outputH rows of the grid
   * @param outputW columns of the grid
   * @return [n, c, outputH, outputW]
   */
  public static Tensor adaptiveMaxPool2d(Tensor x, int outputH, int outputW) {
    if (x.dim() == 3) {
      return adaptiveMaxPool2d(x.unsqueeze(0), outputH, outputW).squeeze(0);
    }
    Check.floating("adaptive_max_pool2d", "input", x);
    ShapeRules.rank("adaptive_max_pool2d", "input", x, 4, "NCHW");
    ShapeRules.require(
        outputH >= 0 && outputW >= 0 && x.size(2) > 0 && x.size(3) > 0,
        "[adaptive_max_pool2d] input "
            + x.describe()
            + " and output ("
            + outputH
            + ", "
            + outputW
            + ") must not be negative, and the image must have rows and columns");
    if (outputH == 0 || outputW == 0) {
      return nothing(x, outputH, outputW);
    }
    // Parts of unequal size are made equal by repeating their last row or column.
    int h = longestPart(x.size(2), outputH);
    int w = longestPart(x.size(3), outputW);
    Tensor rows = x.indexSelect(2, parts(x, 2, outputH, h));
    Tensor all = rows.indexSelect(3, parts(x, 3, outputW, w));
    return maxPool2d(all, new Pool2dSpec(h, w, h, w, 0, 0, 1, 1, true), false);
  }

  private static Tensor nothing(Tensor x, int outputH, int outputW) {
    return Tensor.zeros(Shape.of(x.size(0), x.size(1), outputH, outputW), x.dtype(), x.device());
  }

  private static long partStart(long size, int parts, int i) {
    return i * size / parts;
  }

  private static long partEnd(long size, int parts, int i) {
    return ((i + 1) * size + parts - 1) / parts;
  }

  private static int longestPart(long size, int parts) {
    long longest = 0;
    for (int i = 0; i < parts; i++) {
      longest = Math.max(longest, partEnd(size, parts, i) - partStart(size, parts, i));
    }
    return Math.toIntExact(longest);
  }

  private static Tensor parts(Tensor x, int axis, int parts, int length) {
    long size = x.size(axis);
    long[] index = new long[parts * length];
    for (int i = 0; i < index.length; i++) {
      int part = i / length;
      index[i] =
          Math.min(partStart(size, parts, part) + i % length, partEnd(size, parts, part) - 1);
    }
    return Tensor.of(index, x.device());
  }

  /**
   * Takes the largest element of each window of a sequence.
   *
   * @param x [n, c, length], or [c, length] for one sequence
   * @param kernel the window's length
   * @param stride from one window to the next
   * @param padding at both ends
   * @param dilation from one element of a window to the next
   * @param ceilMode whether a last, partial window counts
   * @return [n, c, windows]
   */
  public static Tensor maxPool1d(
      Tensor x, int kernel, int stride, int padding, int dilation, boolean ceilMode) {
    if (x.dim() == 2) {
      return maxPool1d(x.unsqueeze(0), kernel, stride, padding, dilation, ceilMode).squeeze(0);
    }
    ShapeRules.rank("max_pool1d", "input", x, 3, "[n, channels, length]");
    Pool2dSpec spec = new Pool2dSpec(1, kernel, 1, stride, 0, padding, 1, dilation, true);
    return maxPool2d(x.unsqueeze(2), spec, ceilMode).squeeze(2);
  }

  /**
   * Averages each window of a sequence.
   *
   * @param x [n, c, length], or [c, length] for one sequence
   * @param kernel the window's length
   * @param stride from one window to the next
   * @param padding at both ends
   * @param ceilMode whether a last, partial window counts
   * @param countIncludePad whether padding counts as elements
   * @return [n, c, windows]
   */
  public static Tensor avgPool1d(
      Tensor x, int kernel, int stride, int padding, boolean ceilMode, boolean countIncludePad) {
    if (x.dim() == 2) {
      return avgPool1d(x.unsqueeze(0), kernel, stride, padding, ceilMode, countIncludePad)
          .squeeze(0);
    }
    ShapeRules.rank("avg_pool1d", "input", x, 3, "[n, channels, length]");
    Pool2dSpec spec = new Pool2dSpec(1, kernel, 1, stride, 0, padding, 1, 1, countIncludePad);
    return avgPool2d(x.unsqueeze(2), spec, ceilMode).squeeze(2);
  }

  /**
   * Takes the largest element of each window of a volume: first of each layer's windows, then of
   * the layers.
   *
   * @param x [n, c, depth, h, w], or [c, depth, h, w] for one volume
   * @param kernel the window's depth, height and width
   * @param stride from one window to the next
   * @param padding at both ends
   * @param dilation from one element of a window to the next
   * @param ceilMode whether a last, partial window counts
   * @return [n, c, od, oh, ow]
   */
  public static Tensor maxPool3d(
      Tensor x, int[] kernel, int[] stride, int[] padding, int[] dilation, boolean ceilMode) {
    if (x.dim() == 4) {
      return maxPool3d(x.unsqueeze(0), kernel, stride, padding, dilation, ceilMode).squeeze(0);
    }
    ShapeRules.rank("max_pool3d", "input", x, 5, "NCDHW");
    long n = x.size(0);
    long c = x.size(1);
    Pool2dSpec plane =
        new Pool2dSpec(
            kernel[1],
            kernel[2],
            stride[1],
            stride[2],
            padding[1],
            padding[2],
            dilation[1],
            dilation[2],
            true);
    Pool2dSpec depth =
        new Pool2dSpec(kernel[0], 1, stride[0], 1, padding[0], 0, dilation[0], 1, true);
    Tensor planes = maxPool2d(x.reshape(n, c * x.size(2), x.size(3), x.size(4)), plane, ceilMode);
    long h = planes.size(2);
    long w = planes.size(3);
    Tensor columns = planes.reshape(n, c, x.size(2), h * w);
    Tensor y = maxPool2d(columns, depth, ceilMode);
    return y.reshape(n, c, y.size(2), h, w);
  }
}
