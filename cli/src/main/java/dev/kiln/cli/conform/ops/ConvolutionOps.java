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
    t.op("conv2d", ConvolutionOps::conv2d);
  }

  private static Tensor conv2d(Inputs in, Attrs at) {
    int[] stride = at.ints("stride", 2, 1);
    int[] dilation = at.ints("dilation", 2, 1);
    Tensor weight = in.get("weight");
    Tensor x = in.x();
    int[] padding = {0, 0};
    if (at.isText("padding")) {
      x = padded(x, weight, dilation, at.text("padding", "valid"));
    } else {
      padding = at.ints("padding", 2, 0);
    }
    return Convolution.conv2d(
        x,
        weight,
        in.find("bias"),
        new Conv2dSpec(
            stride[0],
            stride[1],
            padding[0],
            padding[1],
            dilation[0],
            dilation[1],
            at.integer("groups", 1)));
  }

  /** PyTorch's "same" puts the odd row and column at the end. */
  private static Tensor padded(Tensor x, Tensor weight, int[] dilation, String padding) {
    switch (padding) {
      case "valid":
        return x;
      case "same":
        int h = Math.toIntExact(dilation[0] * (weight.size(2) - 1));
        int w = Math.toIntExact(dilation[1] * (weight.size(3) - 1));
        return Shaping.padConstant(x, 0, w / 2, w - w / 2, h / 2, h - h / 2);
      default:
        throw new CaseFormatException("attrs.padding must be numbers, same or valid");
    }
  }
}
