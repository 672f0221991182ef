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
   * @param x [n, in, h, w], or [in, h, w] for one image
   * @param weight [out, in / groups, kh, kw]
   * @param bias [out], if there is one
   * @param spec strides, padding, dilation, groups
   * @return [n, out, oh, ow]
   * @throws dev.kiln.ShapeException if channels, groups or window sizes do not fit
   */
  public static Tensor conv2d(Tensor x, Tensor weight, Optional<Tensor> bias, Conv2dSpec spec) {
    if (Casts.lowers(x, weight)) {
      return conv2d(Casts.lower(x), Casts.lower(weight), Casts.lower(bias), spec);
    }
    if (x.dim() == 3) {
      return conv2d(x.unsqueeze(0), weight, bias, spec).squeeze(0);
    }
    Shape shape = ShapeRules.conv2d(x, weight, bias, spec);
    Check.floating("conv2d", "input", x);
    Check.sameType("conv2d", "input", x, "weight", weight);
    bias.ifPresent(
        b -> {
          Check.sameType("conv2d", "input", x, "bias", b);
          Check.backend("conv2d", x, b);
        });
    FusedOps ops = Check.backend("conv2d", x, weight).fused();
    Tensor in = Casts.rounded(Check.dense("conv2d", "input", x));
    Tensor w = Casts.rounded(Check.dense("conv2d", "weight", weight));
    Tensor y = Tensor.empty(shape, x.dtype(), x.device());
    ops.conv2d(
        y.view(),
        in.view(),
        w.view(),
        Check.denseView("conv2d", "bias", bias),
        spec,
        Epilogue.NONE);
    Edge dx = Edge.of(x, dy -> gradInput("conv2d", dy, Check.saved(weight, w), x.shape(), spec));
    Edge dw =
        Edge.of(weight, dy -> gradWeight("conv2d", dy, Check.saved(x, in), weight.shape(), spec));
    return bias.isPresent()
        ? Autograd.record(
            "conv2d",
            y,
            dx,
            dw,
            Edge.of(bias.get(), dy -> Reductions.sum(dy, new int[] {0, 2, 3}, false)))
        : Autograd.record("conv2d", y, dx, dw);
  }

  // A convolution and its two gradients are linear in each of their operands, and the gradients of
  // each are the other two: that makes them differentiable any number of times.

  /** The gradient of a convolution's input, of a given shape; the transposed convolution. */
  private static Tensor gradInput(
      String op, Tensor dy, Tensor weight, Shape shape, Conv2dSpec spec) {
    Tensor g = Casts.rounded(Check.dense(op, "dy", dy));
    Tensor w = Casts.rounded(Check.dense(op, "weight", weight));
    Tensor dx = Tensor.empty(shape, dy.dtype(), dy.device());
    dy.device().backend().fused().conv2dGradInput(dx.view(), g.view(), w.view(), spec);
    return Autograd.record(
        op,
        dx,
        Edge.of(dy, u -> conv2d(u, Check.saved(weight, w), Optional.empty(), spec)),
        Edge.of(weight, u -> gradWeight(op, Check.saved(dy, g), u, weight.shape(), spec)));
  }

  /** The gradient of a convolution's filters, of a given shape. */
  private static Tensor gradWeight(String op, Tensor dy, Tensor x, Shape shape, Conv2dSpec spec) {
    Tensor g = Casts.rounded(Check.dense(op, "dy", dy));
    Tensor in = Casts.rounded(Check.dense(op, "input", x));
    Tensor dw = Tensor.empty(shape, dy.dtype(), dy.device());
    dy.device().backend().fused().conv2dGradWeight(dw.view(), g.view(), in.view(), spec);
    return Autograd.record(
        op,
        dw,
        Edge.of(dy, u -> conv2d(Check.saved(x, in), u, Optional.empty(), spec)),
        Edge.of(x, u -> gradInput(op, Check.saved(dy, g), u, x.shape(), spec)));
  }

  /**
   * Convolves sequences with filters.
   *
   * @param x [n, in, length], or [in, length] for one sequence
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
    if (Casts.lowers(x, weight)) {
      return conv1d(
          Casts.lower(x),
          Casts.lower(weight),
          Casts.lower(bias),
          stride,
          padding,
          dilation,
          groups);
    }
    if (x.dim() == 2) {
      return conv1d(x.unsqueeze(0), weight, bias, stride, padding, dilation, groups).squeeze(0);
    }
    ShapeRules.rank("conv1d", "input", x, 3, "[n, channels, length]");
    ShapeRules.rank("conv1d", "weight", weight, 3, "[out, in / groups, k]");
    Conv2dSpec spec = new Conv2dSpec(1, stride, 0, padding, 1, dilation, groups);
    return conv2d(x.unsqueeze(2), weight.unsqueeze(2), bias, spec).squeeze(2);
  }

  /**
   * Convolves volumes with filters: the sum over the filter's layers of 2-d convolutions.
   *
   * @param x [n, in, depth, h, w], or [in, depth, h, w] for one volume
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
    if (Casts.lowers(x, weight)) {
      return conv3d(
          Casts.lower(x),
          Casts.lower(weight),
          Casts.lower(bias),
          stride,
          padding,
          dilation,
          groups);
    }
    if (x.dim() == 4) {
      return conv3d(x.unsqueeze(0), weight, bias, stride, padding, dilation, groups).squeeze(0);
    }
    ShapeRules.rank("conv3d", "input", x, 5, "NCDHW");
    ShapeRules.rank("conv3d", "weight", weight, 5, "[out, in / groups, kd, kh, kw]");
    long kd = weight.size(2);
    long room = x.size(2) + 2L * padding[0] - (dilation[0] * (kd - 1) + 1);
    ShapeRules.require(
        room >= 0 && kd > 0 && stride[0] > 0 && dilation[0] > 0 && padding[0] >= 0,
        () ->
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
   * @param x [n, in, h, w], or [in, h, w] for one image
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
    if (Casts.lowers(x, weight)) {
      return convTranspose2d(
          Casts.lower(x),
          Casts.lower(weight),
          Casts.lower(bias),
          spec,
          outputPaddingH,
          outputPaddingW);
    }
    if (x.dim() == 3) {
      return convTranspose2d(x.unsqueeze(0), weight, bias, spec, outputPaddingH, outputPaddingW)
          .squeeze(0);
    }
    Shape shape = ShapeRules.convTranspose2d(x, weight, bias, spec, outputPaddingH, outputPaddingW);
    Check.floating("conv_transpose2d", "input", x);
    Check.sameType("conv_transpose2d", "input", x, "weight", weight);
    Check.backend("conv_transpose2d", x, weight);
    Tensor y =
        gradInput(
            "conv_transpose2d",
            stepsAhead(x, spec, outputPaddingH, outputPaddingW),
            weight,
            shape,
            spec);
    return bias.isPresent() ? y.add(bias.get().reshape(1, -1, 1, 1)) : y;
  }

  /**
   * Under a dilation an output may be longer than its last pixel reaches by whole strides: the
   * convolution that it would have come from has further pixels there, of which nothing is known.
   */
  private static Tensor stepsAhead(Tensor x, Conv2dSpec spec, int extraH, int extraW) {
    int h = extraH / spec.strideH();
    int w = extraW / spec.strideW();
    return h == 0 && w == 0 ? x : Shaping.padConstant(x, 0, 0, w, 0, h);
  }

  /**
   * The transpose of a convolution of sequences; see {@link #convTranspose2d}.
   *
   * @param x [n, in, length], or [in, length] for one sequence
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
    if (Casts.lowers(x, weight)) {
      return convTranspose1d(
          Casts.lower(x),
          Casts.lower(weight),
          Casts.lower(bias),
          stride,
          padding,
          outputPadding,
          dilation,
          groups);
    }
    if (x.dim() == 2) {
      return convTranspose1d(
              x.unsqueeze(0), weight, bias, stride, padding, outputPadding, dilation, groups)
          .squeeze(0);
    }
    ShapeRules.rank("conv_transpose1d", "input", x, 3, "[n, channels, length]");
    ShapeRules.rank("conv_transpose1d", "weight", weight, 3, "[in, out / groups, k]");
    Conv2dSpec spec = new Conv2dSpec(1, stride, 0, padding, 1, dilation, groups);
    return convTranspose2d(x.unsqueeze(2), weight.unsqueeze(2), bias, spec, 0, outputPadding)
        .squeeze(2);
  }

  /**
   * The transpose of a convolution of volumes: the sum over the filter's layers of transposed 2-d
   * convolutions, each spread over the layers of the result; see {@link #convTranspose2d}.
   *
   * @param x [n, in, depth, h, w], or [in, depth, h, w] for one volume
   * @param weight [in, out / groups, kd, kh, kw]
   * @param bias [out], if there is one
   * @param stride of depth, height, width
   * @param padding of depth, height, width
   * @param outputPadding of depth, height, width
   * @param dilation of depth, height, width
   * @param groups of channels
   * @return [n, out, (depth - 1) stride - 2 padding + dilation (kd - 1) + outputPadding + 1, ...]
   */
  public static Tensor convTranspose3d(
      Tensor x,
      Tensor weight,
      Optional<Tensor> bias,
      int[] stride,
      int[] padding,
      int[] outputPadding,
      int[] dilation,
      int groups) {
    if (Casts.lowers(x, weight)) {
      return convTranspose3d(
          Casts.lower(x),
          Casts.lower(weight),
          Casts.lower(bias),
          stride,
          padding,
          outputPadding,
          dilation,
          groups);
    }
    if (x.dim() == 4) {
      return convTranspose3d(
              x.unsqueeze(0), weight, bias, stride, padding, outputPadding, dilation, groups)
          .squeeze(0);
    }
    String op = "conv_transpose3d";
    ShapeRules.rank(op, "input", x, 5, "NCDHW");
    ShapeRules.rank(op, "weight", weight, 5, "[in, out / groups, kd, kh, kw]");
    int kd = Math.toIntExact(weight.size(2));
    long full = (x.size(2) - 1) * stride[0] + (long) dilation[0] * (kd - 1) + 1;
    long depth = full - 2L * padding[0] + outputPadding[0];
    ShapeRules.require(
        kd > 0
            && stride[0] > 0
            && dilation[0] > 0
            && padding[0] >= 0
            && outputPadding[0] >= 0
            && outputPadding[0] < Math.max(stride[0], dilation[0]),
        () ->
            "["
                + op
                + "] filter "
                + weight.describe()
                + " must have layers, padding "
                + padding[0]
                + " must be 0 or more, and output padding "
                + outputPadding[0]
                + " smaller than the stride "
                + stride[0]
                + " or the dilation "
                + dilation[0]);
    ShapeRules.require(
        x.size(2) > 0 && depth > 0,
        () ->
            "["
                + op
                + "] the output of "
                + x.describe()
                + " would be "
                + depth
                + " deep; reduce the padding");
    Conv2dSpec plane =
        new Conv2dSpec(
            stride[1], stride[2], padding[1], padding[2], dilation[1], dilation[2], groups);
    Tensor layers =
        x.permute(0, 2, 1, 3, 4).reshape(x.size(0) * x.size(2), x.size(1), x.size(3), x.size(4));
    Tensor sum = null;
    for (int k = 0; k < kd; k++) {
      Tensor y =
          convTranspose2d(
              layers,
              weight.select(2, k),
              Optional.empty(),
              plane,
              outputPadding[1],
              outputPadding[2]);
      int before = k * dilation[0];
      Tensor part =
          spread(y.reshape(x.size(0), x.size(2), y.size(1), y.size(2), y.size(3)), stride[0]);
      int after = (kd - 1) * dilation[0] - before + outputPadding[0];
      Tensor placed = Shaping.padConstant(part, 0, 0, 0, 0, 0, 0, 0, before, after);
      sum = sum == null ? placed : sum.add(placed);
    }
    Tensor y = sum.narrow(1, padding[0], depth).permute(0, 2, 1, 3, 4);
    if (bias.isEmpty()) {
      return y;
    }
    ShapeRules.vector(op, "bias", bias.get(), y.size(1), "output channel");
    return y.add(bias.get().reshape(1, -1, 1, 1, 1));
  }

  /** Puts zeros between the layers [n, d, ...]: as many as give a stride. */
  private static Tensor spread(Tensor x, int stride) {
    if (stride == 1) {
      return x;
    }
    long[] dims = x.shape().dims();
    Tensor wide = Shaping.padConstant(x.unsqueeze(2), 0, 0, 0, 0, 0, 0, 0, 0, stride - 1);
    dims[1] *= stride;
    return wide.reshape(dims).narrow(1, 0, (x.size(1) - 1) * stride + 1);
  }
}
