package dev.kiln.ops;

import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.ops.Pooling.Maxima;

/**
 * Pooling of volumes: first within each layer, then across the layers, which gives the same for the
 * largest and for the mean of a box.
 */
public final class Pooling3d {
  private Pooling3d() {}

  /**
   * Takes the largest element of each window of a volume; the gradient goes to the first of equals.
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
    Tensor planes =
        Pooling.maxPool2d(planes(x), plane(kernel, stride, padding, dilation, true), ceilMode);
    Tensor y =
        Pooling.maxPool2d(
            columns(x, planes), depth(kernel, stride, padding, dilation, true), ceilMode);
    return volume(x, y, planes);
  }

  /** As {@link #maxPool3d}, with the position ((layer * h + row) * w + column) of each maximum. */
  public static Maxima maxPool3dWithIndices(
      Tensor x, int[] kernel, int[] stride, int[] padding, int[] dilation, boolean ceilMode) {
    if (x.dim() == 4) {
      return maxPool3dWithIndices(x.unsqueeze(0), kernel, stride, padding, dilation, ceilMode)
          .squeeze(0);
    }
    ShapeRules.rank("max_pool3d", "input", x, 5, "NCDHW");
    Maxima planes =
        Pooling.maxPool2dWithIndices(
            planes(x), plane(kernel, stride, padding, dilation, true), ceilMode);
    Maxima depth =
        Pooling.maxPool2dWithIndices(
            columns(x, planes.values()), depth(kernel, stride, padding, dilation, true), ceilMode);
    return volume(x, planes, depth);
  }

  /**
   * Averages each window of a volume.
   *
   * @param x [n, c, depth, h, w], or [c, depth, h, w] for one volume
   * @param kernel the window's depth, height and width
   * @param stride from one window to the next
   * @param padding at both ends
   * @param ceilMode whether a last, partial window counts
   * @param countIncludePad whether padding counts as elements
   * @return [n, c, od, oh, ow]
   */
  public static Tensor avgPool3d(
      Tensor x,
      int[] kernel,
      int[] stride,
      int[] padding,
      boolean ceilMode,
      boolean countIncludePad) {
    if (x.dim() == 4) {
      return avgPool3d(x.unsqueeze(0), kernel, stride, padding, ceilMode, countIncludePad)
          .squeeze(0);
    }
    ShapeRules.rank("avg_pool3d", "input", x, 5, "NCDHW");
    int[] one = {1, 1, 1};
    Tensor planes =
        Pooling.avgPool2d(
            planes(x), plane(kernel, stride, padding, one, countIncludePad), ceilMode);
    Tensor y =
        Pooling.avgPool2d(
            columns(x, planes), depth(kernel, stride, padding, one, countIncludePad), ceilMode);
    return volume(x, y, planes);
  }

  /**
   * Adds up each window of a volume and divides by a number, whatever the window's size: PyTorch's
   * {@code divisor_override}.
   *
   * @param x [n, c, depth, h, w], or [c, depth, h, w] for one volume
   * @param kernel the window's depth, height and width
   * @param stride from one window to the next
   * @param padding at both ends
   * @param ceilMode whether a last, partial window counts
   * @param divisor divides each sum; not 0
   * @return [n, c, od, oh, ow]
   */
  public static Tensor avgPool3d(
      Tensor x, int[] kernel, int[] stride, int[] padding, boolean ceilMode, int divisor) {
    if (x.dim() == 4) {
      return avgPool3d(x.unsqueeze(0), kernel, stride, padding, ceilMode, divisor).squeeze(0);
    }
    ShapeRules.rank("avg_pool3d", "input", x, 5, "NCDHW");
    ShapeRules.require(divisor != 0, "[avg_pool3d] divisor 0 must be another number");
    int[] one = {1, 1, 1};
    Tensor planes =
        Pooling.sumPool2d(planes(x), plane(kernel, stride, padding, one, true), ceilMode);
    Tensor y =
        Pooling.sumPool2d(columns(x, planes), depth(kernel, stride, padding, one, true), ceilMode);
    return volume(x, y, planes).div(divisor);
  }

  /**
   * Averages parts that divide the volume into a given grid.
   *
   * @param x [n, c, depth, h, w], or [c, depth, h, w] for one volume
   * @param outputD layers of the grid
   * @param outputH rows of the grid
   * @param outputW columns of the grid
   * @return [n, c, outputD, outputH, outputW]
   */
  public static Tensor adaptiveAvgPool3d(Tensor x, int outputD, int outputH, int outputW) {
    if (x.dim() == 4) {
      return adaptiveAvgPool3d(x.unsqueeze(0), outputD, outputH, outputW).squeeze(0);
    }
    ShapeRules.rank("adaptive_avg_pool3d", "input", x, 5, "NCDHW");
    Tensor planes = Pooling.adaptiveAvgPool2d(planes(x), outputH, outputW);
    Tensor y = Pooling.adaptiveAvgPool2d(columns(x, planes), outputD, outputH * outputW);
    return volume(x, y, planes);
  }

  /**
   * Takes the largest element of parts that divide the volume into a given grid.
   *
   * @param x [n, c, depth, h, w], or [c, depth, h, w] for one volume
   * @param outputD layers of the grid
   * @param outputH rows of the grid
   * @param outputW columns of the grid
   * @return both [n, c, outputD, outputH, outputW]
   */
  public static Maxima adaptiveMaxPool3dWithIndices(
      Tensor x, int outputD, int outputH, int outputW) {
    if (x.dim() == 4) {
      return adaptiveMaxPool3dWithIndices(x.unsqueeze(0), outputD, outputH, outputW).squeeze(0);
    }
    ShapeRules.rank("adaptive_max_pool3d", "input", x, 5, "NCDHW");
    Maxima planes = Pooling.adaptiveMaxPool2dWithIndices(planes(x), outputH, outputW);
    Maxima depth =
        Pooling.adaptiveMaxPool2dWithIndices(
            columns(x, planes.values()), outputD, outputH * outputW);
    return volume(x, planes, depth);
  }

  /** As {@link #adaptiveMaxPool3dWithIndices}, without the positions. */
  public static Tensor adaptiveMaxPool3d(Tensor x, int outputD, int outputH, int outputW) {
    return adaptiveMaxPool3dWithIndices(x, outputD, outputH, outputW).values();
  }

  /** The window within a layer. */
  private static Pool2dSpec plane(
      int[] kernel, int[] stride, int[] padding, int[] dilation, boolean countIncludePad) {
    return new Pool2dSpec(
        kernel[1],
        kernel[2],
        stride[1],
        stride[2],
        padding[1],
        padding[2],
        dilation[1],
        dilation[2],
        countIncludePad);
  }

  /** The window across the layers. */
  private static Pool2dSpec depth(
      int[] kernel, int[] stride, int[] padding, int[] dilation, boolean countIncludePad) {
    return new Pool2dSpec(
        kernel[0], 1, stride[0], 1, padding[0], 0, dilation[0], 1, countIncludePad);
  }

  /** A volume's layers as images [n, c * depth, h, w]. */
  private static Tensor planes(Tensor x) {
    return x.reshape(x.size(0), x.size(1) * x.size(2), x.size(3), x.size(4));
  }

  /** The pooled layers as images [n, c, depth, oh * ow]. */
  private static Tensor columns(Tensor x, Tensor planes) {
    return planes.reshape(x.size(0), x.size(1), x.size(2), planes.size(2) * planes.size(3));
  }

  /** The result [n, c, od, oh * ow] as volumes [n, c, od, oh, ow]. */
  private static Tensor volume(Tensor x, Tensor y, Tensor planes) {
    return y.reshape(x.size(0), x.size(1), y.size(2), planes.size(2), planes.size(3));
  }

  /** Follows the positions across layers into those within layers. */
  private static Maxima volume(Tensor x, Maxima planes, Maxima depth) {
    Tensor within = columns(x, planes.indices());
    Tensor layers = Tensor.arange(x.size(2), x.device()).mul(x.size(3) * x.size(4)).unsqueeze(1);
    Tensor none = Elementwise.constant(within, -1);
    Tensor zero = Elementwise.constant(within, 0);
    Tensor all = none.where(within.lt(zero), within.add(layers));
    long n = x.size(0) * x.size(1);
    Tensor at = depth.indices().reshape(n, depth.indices().size(2) * within.size(3));
    Tensor padding = at.lt(zero);
    Tensor found = all.reshape(n, x.size(2) * within.size(3)).gather(1, zero.where(padding, at));
    Tensor indices = none.where(padding, found).reshape(depth.indices().shape().dims());
    return new Maxima(
        volume(x, depth.values(), planes.values()), volume(x, indices, planes.values()));
  }
}
