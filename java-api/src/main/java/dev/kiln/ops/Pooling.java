package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.Pool2dSpec;

/** Pooling of images and sequences: the largest or the mean of each window. */
public final class Pooling {
  private Pooling() {}

  /**
   * The largest elements and where they stood.
   *
   * @param values the largest element of each window
   * @param indices INT64, of the values' shape: the position of each in its flattened plane or
   *     volume; -1 for a dilated window all of whose elements lie in padding
   */
  public record Maxima(Tensor values, Tensor indices) {
    /** Takes an axis of size 1 out of both. */
    public Maxima squeeze(int dim) {
      return new Maxima(values.squeeze(dim), indices.squeeze(dim));
    }
  }

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
    return maxPool2d(x, spec, positions(x, spec, ceilMode));
  }

  /** As {@link #maxPool2d}, with the position (row * w + column) of each maximum. */
  public static Maxima maxPool2dWithIndices(Tensor x, Pool2dSpec spec, boolean ceilMode) {
    if (x.dim() == 3) {
      return maxPool2dWithIndices(x.unsqueeze(0), spec, ceilMode).squeeze(0);
    }
    Tensor index = positions(x, spec, ceilMode);
    return new Maxima(maxPool2d(x, spec, index), index.to(DType.INT64));
  }

  /** Makes room for the positions of the maxima. */
  private static Tensor positions(Tensor x, Pool2dSpec spec, boolean ceilMode) {
    Check.floating("max_pool2d", "input", x);
    Shape shape = ShapeRules.pool2d("max_pool2d", x, spec, ceilMode);
    return Tensor.empty(shape, DType.INT32, x.device());
  }

  /** Pools, and fills in the positions of the maxima. */
  private static Tensor maxPool2d(Tensor x, Pool2dSpec spec, Tensor index) {
    Tensor in = Check.dense("max_pool2d", "input", x);
    FusedOps ops = x.device().backend().fused();
    Tensor y = Tensor.empty(index.shape(), x.dtype(), x.device());
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
        () ->
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
    return sumPool2d(x, spec, ceilMode).div(divisor);
  }

  /** Sums each window; its dilation must be 1. */
  static Tensor sumPool2d(Tensor x, Pool2dSpec spec, boolean ceilMode) {
    Shape shape = ShapeRules.pool2d("avg_pool2d", x, spec, ceilMode);
    // With all padding in the image every window is whole, so its mean times its size is its sum.
    int bottom = missing(x.size(2), shape.dim(2), spec.kernelH(), spec.strideH(), spec.paddingH());
    int right = missing(x.size(3), shape.dim(3), spec.kernelW(), spec.strideW(), spec.paddingW());
    Tensor whole = Shaping.padConstant(x, 0, spec.paddingW(), right, spec.paddingH(), bottom);
    Pool2dSpec inside =
        new Pool2dSpec(
            spec.kernelH(), spec.kernelW(), spec.strideH(), spec.strideW(), 0, 0, 1, 1, true);
    return avgPool2d(whole, inside, false).mul((double) spec.kernelH() * spec.kernelW());
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
        () ->
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
    return adaptiveMaxPool2dWithIndices(x, outputH, outputW).values();
  }

  /** As {@link #adaptiveMaxPool2d}, with the position (row * w + column) of each maximum. */
  public static Maxima adaptiveMaxPool2dWithIndices(Tensor x, int outputH, int outputW) {
    if (x.dim() == 3) {
      return adaptiveMaxPool2dWithIndices(x.unsqueeze(0), outputH, outputW).squeeze(0);
    }
    Check.floating("adaptive_max_pool2d", "input", x);
    ShapeRules.rank("adaptive_max_pool2d", "input", x, 4, "NCHW");
    ShapeRules.require(
        outputH >= 0 && outputW >= 0 && x.size(2) > 0 && x.size(3) > 0,
        () ->
            "[adaptive_max_pool2d] input "
                + x.describe()
                + " and output ("
                + outputH
                + ", "
                + outputW
                + ") must not be negative, and the image must have rows and columns");
    if (outputH == 0 || outputW == 0) {
      Tensor none = nothing(x, outputH, outputW);
      return new Maxima(none, none.to(DType.INT64));
    }
    // Parts of unequal size are made equal by repeating their last row or column.
    int h = longestPart(x.size(2), outputH);
    int w = longestPart(x.size(3), outputW);
    Tensor rows = parts(x, 2, outputH, h);
    Tensor columns = parts(x, 3, outputW, w);
    Tensor all = x.indexSelect(2, rows).indexSelect(3, columns);
    Maxima found = maxPool2dWithIndices(all, new Pool2dSpec(h, w, h, w, 0, 0, 1, 1, true), false);
    Tensor from = rows.mul(x.size(3)).unsqueeze(1).add(columns).reshape(-1);
    Shape shape = found.indices().shape();
    Tensor at = from.indexSelect(0, found.indices().reshape(shape.numel()));
    return new Maxima(found.values(), at.reshape(shape.dims()));
  }

  /**
   * Averages parts that divide a sequence into equally long ones.
   *
   * @param x [n, c, length], or [c, length] for one sequence
   * @param output how many parts
   * @return [n, c, output]
   */
  public static Tensor adaptiveAvgPool1d(Tensor x, int output) {
    if (x.dim() == 2) {
      return adaptiveAvgPool1d(x.unsqueeze(0), output).squeeze(0);
    }
    ShapeRules.rank("adaptive_avg_pool1d", "input", x, 3, "[n, channels, length]");
    return adaptiveAvgPool2d(x.unsqueeze(2), 1, output).squeeze(2);
  }

  /**
   * Takes the largest element of parts that divide a sequence into equally long ones.
   *
   * @param x [n, c, length], or [c, length] for one sequence
   * @param output how many parts
   * @return both [n, c, output]
   */
  public static Maxima adaptiveMaxPool1dWithIndices(Tensor x, int output) {
    if (x.dim() == 2) {
      return adaptiveMaxPool1dWithIndices(x.unsqueeze(0), output).squeeze(0);
    }
    ShapeRules.rank("adaptive_max_pool1d", "input", x, 3, "[n, channels, length]");
    return adaptiveMaxPool2dWithIndices(x.unsqueeze(2), 1, output).squeeze(2);
  }

  /** As {@link #adaptiveMaxPool1dWithIndices}, without the positions. */
  public static Tensor adaptiveMaxPool1d(Tensor x, int output) {
    return adaptiveMaxPool1dWithIndices(x, output).values();
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

  /** As {@link #maxPool1d}, with the position of each maximum. */
  public static Maxima maxPool1dWithIndices(
      Tensor x, int kernel, int stride, int padding, int dilation, boolean ceilMode) {
    if (x.dim() == 2) {
      return maxPool1dWithIndices(x.unsqueeze(0), kernel, stride, padding, dilation, ceilMode)
          .squeeze(0);
    }
    ShapeRules.rank("max_pool1d", "input", x, 3, "[n, channels, length]");
    Pool2dSpec spec = new Pool2dSpec(1, kernel, 1, stride, 0, padding, 1, dilation, true);
    return maxPool2dWithIndices(x.unsqueeze(2), spec, ceilMode).squeeze(2);
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
}
