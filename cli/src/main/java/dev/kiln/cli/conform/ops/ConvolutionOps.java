package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.CaseFormatException;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Convolution;
import dev.kiln.ops.Shaping;

/** Convolutions. */
public final class ConvolutionOps {
  private ConvolutionOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op("conv1d", ConvolutionOps::conv1d);
    t.op("conv2d", ConvolutionOps::conv2d);
    t.op("conv3d", ConvolutionOps::conv3d);
    t.op("conv_transpose1d", ConvolutionOps::transpose1d);
    t.op("conv_transpose2d", ConvolutionOps::transpose2d);
    t.op("conv_transpose3d", ConvolutionOps::transpose3d);
  }

  private static Tensor conv1d(Inputs in, Attrs at) {
    int[] dilation = at.ints("dilation", 1, 1);
    return Convolution.conv1d(
        padded(in, at, dilation),
        in.get("weight"),
        in.find("bias"),
        at.ints("stride", 1, 1)[0],
        padding(at, 1)[0],
        dilation[0],
        at.integer("groups", 1));
  }

  private static Tensor conv2d(Inputs in, Attrs at) {
    int[] dilation = at.ints("dilation", 2, 1);
    return Convolution.conv2d(
        padded(in, at, dilation),
        in.get("weight"),
        in.find("bias"),
        spec(at, at.ints("stride", 2, 1), padding(at, 2), dilation));
  }

  private static Tensor conv3d(Inputs in, Attrs at) {
    int[] dilation = at.ints("dilation", 3, 1);
    return Convolution.conv3d(
        padded(in, at, dilation),
        in.get("weight"),
        in.find("bias"),
        at.ints("stride", 3, 1),
        padding(at, 3),
        dilation,
        at.integer("groups", 1));
  }

  private static Tensor transpose1d(Inputs in, Attrs at) {
    return Convolution.convTranspose1d(
        in.x(),
        in.get("weight"),
        in.find("bias"),
        at.ints("stride", 1, 1)[0],
        at.ints("padding", 1, 0)[0],
        at.ints("output_padding", 1, 0)[0],
        at.ints("dilation", 1, 1)[0],
        at.integer("groups", 1));
  }

  private static Tensor transpose2d(Inputs in, Attrs at) {
    int[] extra = at.ints("output_padding", 2, 0);
    return Convolution.convTranspose2d(
        in.x(),
        in.get("weight"),
        in.find("bias"),
        spec(at, at.ints("stride", 2, 1), at.ints("padding", 2, 0), at.ints("dilation", 2, 1)),
        extra[0],
        extra[1]);
  }

  private static Tensor transpose3d(Inputs in, Attrs at) {
    return Convolution.convTranspose3d(
        in.x(),
        in.get("weight"),
        in.find("bias"),
        at.ints("stride", 3, 1),
        at.ints("padding", 3, 0),
        at.ints("output_padding", 3, 0),
        at.ints("dilation", 3, 1),
        at.integer("groups", 1));
  }

  private static Conv2dSpec spec(Attrs at, int[] stride, int[] padding, int[] dilation) {
    return new Conv2dSpec(
        stride[0],
        stride[1],
        padding[0],
        padding[1],
        dilation[0],
        dilation[1],
        at.integer("groups", 1));
  }

  private static int[] padding(Attrs at, int axes) {
    return at.isText("padding") ? new int[axes] : at.ints("padding", axes, 0);
  }

  /** PyTorch's padding "same" puts the odd element at the end. */
  private static Tensor padded(Inputs in, Attrs at, int[] dilation) {
    if (!at.isText("padding") || at.text("padding", "").equals("valid")) {
      return in.x();
    }
    if (!at.text("padding", "").equals("same")) {
      throw new CaseFormatException("attrs.padding must be numbers, same or valid");
    }
    int axes = dilation.length;
    int[] pad = new int[2 * axes];
    for (int i = 0; i < axes; i++) {
      int all = Math.toIntExact(dilation[i] * (in.get("weight").size(2 + i) - 1));
      int last = 2 * (axes - 1 - i);
      pad[last] = all / 2;
      pad[last + 1] = all - all / 2;
    }
    return Shaping.padConstant(in.x(), 0, pad);
  }
}
