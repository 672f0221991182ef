package dev.kiln.ops;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.FusedOps;
import java.util.Optional;

/** Convolution (cross-correlation) of images, sequences and volumes, and its transpose. */
public final class Convolution {
  private Convolution() {}

  /**
   * Convolves images with filters.
   *
   * @param x [n, in, h, w]
   * @param weight [out, in / groups, kh, kw]
   * @param bias [out], if there is one
   * @param spec strides, padding, dilation, groups
   * @return [n, out, oh, ow]
   * @throws dev.kiln.ShapeException if channels, groups or window sizes do not fit
   */
  public static Tensor conv2d(Tensor x, Tensor weight, Optional<Tensor> bias, Conv2dSpec spec) {
    Shape shape = ShapeRules.conv2d(x, weight, bias, spec);
    Check.floating("conv2d", "input", x);
    Check.sameType("conv2d", "input", x, "weight", weight);
    bias.ifPresent(
        b -> {
          Check.sameType("conv2d", "input", x, "bias", b);
          Check.backend("conv2d", x, b);
        });
    FusedOps ops = Check.backend("conv2d", x, weight).fused();
    Tensor in = Check.dense("conv2d", "input", x);
    Tensor w = Check.dense("conv2d", "weight", weight);
    Tensor y = Tensor.empty(shape, x.dtype(), x.device());
    ops.conv2d(
        y.view(),
        in.view(),
        w.view(),
        Check.denseView("conv2d", "bias", bias),
        spec,
        Epilogue.NONE);
    Edge dx =
        Edge.of(
            x,
            dy -> {
              Autograd.firstOrderOnly("conv2d");
              Tensor g = Tensor.empty(x.shape(), x.dtype(), x.device());
              ops.conv2dGradInput(
                  g.view(),
                  Check.dense("conv2d", "dy", dy).view(),
                  w.view("conv2d", "weight"),
                  spec);
              return g;
            });
    Edge dw =
        Edge.of(
            weight,
            dy -> {
              Autograd.firstOrderOnly("conv2d");
              Tensor g = Tensor.empty(w.shape(), w.dtype(), w.device());
              ops.conv2dGradWeight(
                  g.view(),
                  Check.dense("conv2d", "dy", dy).view(),
                  in.view("conv2d", "input"),
                  spec);
              return g;
            });
    return bias.isPresent()
        ? Autograd.record(
            "conv2d",
            y,
            dx,
            dw,
            Edge.of(bias.get(), dy -> Reductions.sum(dy, new int[] {0, 2, 3}, false)))
        : Autograd.record("conv2d", y, dx, dw);
  }

  /**
   * Convolves sequences with filters.
   *
   * @param x [n, in, length]
   * @param weight [out, in / groups, k]
   * @param bias [out], if there is one
   * @return [n, out, windows]
   */
  public static Tensor conv1d(
      Tensor x,
      Tensor weight,
      Optional<Tensor> bias,
      int stride,
      int padding,
      int dilation,
      int groups) {
    ShapeRules.rank("conv1d", "input", x, 3, "[n, channels, length]");
    ShapeRules.rank("conv1d", "weight", weight, 3, "[out, in / groups, k]");
    Conv2dSpec spec = new Conv2dSpec(1, stride, 0, padding, 1, dilation, groups);
    return conv2d(x.unsqueeze(2), weight.unsqueeze(2), bias, spec).squeeze(2);
  }

  /**
   * Convolves volumes with filters: the sum over the filter's layers of 2-d convolutions.
   *
   * @param x [n, in, depth, h, w]
   * @param weight [out, in / groups, kd, kh, kw]
   * @param bias [out], if there is one
   * @param stride of depth, height, width
   * @param padding of depth, height, width
   * @param dilation of depth, height, width
   * @param groups of channels
   * @return [n, out, od, oh, ow]
   */
  public static Tensor conv3d(
      Tensor x,
      Tensor weight,
      Optional<Tensor> bias,
      int[] stride,
      int[] padding,
      int[] dilation,
      int groups) {
    ShapeRules.rank("conv3d", "input", x, 5, "NCDHW");
    ShapeRules.rank("conv3d", "weight", weight, 5, "[out, in / groups, kd, kh, kw]");
    long kd = weight.size(2);
    long room = x.size(2) + 2L * padding[0] - (dilation[0] * (kd - 1) + 1);
    ShapeRules.require(
        room >= 0 && kd > 0 && stride[0] > 0 && dilation[0] > 0 && padding[0] >= 0,
        "[conv3d] filter "
            + weight.describe()
            + " does not fit the depth of input "
            + x.describe()
            + " padded by "
            + padding[0]);
    long od = room / stride[0] + 1;
    Tensor padded = Shaping.padConstant(x, 0, 0, 0, 0, 0, padding[0], padding[0]);
    Conv2dSpec plane =
        new Conv2dSpec(
            stride[1], stride[2], padding[1], padding[2], dilation[1], dilation[2], groups);
    Tensor sum = null;
    for (int k = 0; k < kd; k++) {
      long first = (long) k * dilation[0];
      Tensor layers =
          padded
              .slice(2, first, first + (od - 1) * stride[0] + 1, stride[0])
              .permute(0, 2, 1, 3, 4)
              .reshape(x.size(0) * od, x.size(1), x.size(3), x.size(4));
      Tensor y = conv2d(layers, weight.select(2, k), k == 0 ? bias : Optional.empty(), plane);
      sum = sum == null ? y : sum.add(y);
    }
    return sum.reshape(x.size(0), od, sum.size(1), sum.size(2), sum.size(3)).permute(0, 2, 1, 3, 4);
  }

  /**
   * The transpose of a convolution: spreads each pixel over the window it would have come from.
   * Zeiler et al. 2010.
   *
   * @param x [n, in, h, w]
   * @param weight [in, out / groups, kh, kw]
   * @param bias [out], if there is one
   * @param spec strides, padding, dilation, groups of the convolution that it transposes
   * @param outputPaddingH rows added at the end, fewer than the stride or the dilation
   * @param outputPaddingW columns added at the end
   * @return [n, out, (h - 1) strideH - 2 paddingH + dilationH (kh - 1) + outputPaddingH + 1, ...]
   */
  public static Tensor convTranspose2d(
      Tensor x,
      Tensor weight,
      Optional<Tensor> bias,
      Conv2dSpec spec,
      int outputPaddingH,
      int outputPaddingW) {
    Shape shape = ShapeRules.convTranspose2d(x, weight, bias, spec, outputPaddingH, outputPaddingW);
    Check.floating("conv_transpose2d", "input", x);
    Check.sameType("conv_transpose2d", "input", x, "weight", weight);
    FusedOps ops = Check.backend("conv_transpose2d", x, weight).fused();
    Tensor in = Check.dense("conv_transpose2d", "input", x);
    Tensor w = Check.dense("conv_transpose2d", "weight", weight);
    Tensor y = Tensor.empty(shape, x.dtype(), x.device());
    ops.conv2dGradInput(y.view(), in.view(), w.view(), spec);
    Tensor recorded =
        Autograd.record(
            "conv_transpose2d",
            y,
            Edge.of(x, dy -> conv2d(dy, weight, Optional.empty(), spec)),
            Edge.of(
                weight,
                dy -> {
                  Autograd.firstOrderOnly("conv_transpose2d");
                  Tensor g = Tensor.empty(w.shape(), w.dtype(), w.device());
                  ops.conv2dGradWeight(
                      g.view(),
                      in.view("conv_transpose2d", "input"),
                      Check.dense("conv_transpose2d", "dy", dy).view(),
                      spec);
                  return g;
                }));
    return bias.isPresent() ? recorded.add(bias.get().reshape(1, -1, 1, 1)) : recorded;
  }

  /**
   * The transpose of a convolution of sequences; see {@link #convTranspose2d}.
   *
   * @param x [n, in, length]
   * @param weight [in, out / groups, k]
   * @param bias [out], if there is one
   * @return [n, out, (length - 1) stride - 2 padding + dilation (k - 1) + outputPadding + 1]
   */
  public static Tensor convTranspose1d(
      Tensor x,
      Tensor weight,
      Optional<Tensor> bias,
      int stride,
      int padding,
      int outputPadding,
      int dilation,
      int groups) {
    ShapeRules.rank("conv_transpose1d", "input", x, 3, "[n, channels, length]");
    ShapeRules.rank("conv_transpose1d", "weight", weight, 3, "[in, out / groups, k]");
    Conv2dSpec spec = new Conv2dSpec(1, stride, 0, padding, 1, dilation, groups);
    return convTranspose2d(x.unsqueeze(2), weight.unsqueeze(2), bias, spec, 0, outputPadding)
        .squeeze(2);
  }
}
