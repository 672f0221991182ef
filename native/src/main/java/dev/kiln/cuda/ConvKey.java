package dev.kiln.cuda;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.backend.Conv2dSpec;

/**
 * What a convolution's plan depends on.
 *
 * @param direction which of the three tensors is computed
 * @param dtype the element type of all three
 * @param tf32 whether FLOAT32 operands may be rounded to TF32
 * @param channelsLast whether tensors lie NHWC and filters OHWI, instead of NCHW and OIHW
 * @param x images [n, in, h, w]
 * @param weight filters [out, in / groups, kh, kw]
 * @param y results [n, out, oh, ow]
 * @param spec strides, padding, dilation, groups
 */
record ConvKey(
    Direction direction,
    DType dtype,
    boolean tf32,
    boolean channelsLast,
    Shape x,
    Shape weight,
    Shape y,
    Conv2dSpec spec) {
  /** Which tensor is computed from the other two. */
  enum Direction {
    FORWARD("conv2d"),
    INPUT("conv2d gradient of the input"),
    WEIGHT("conv2d gradient of the weight");

    private final String op;

    Direction(String op) {
      this.op = op;
    }

    /** What messages call it. */
    String op() {
      return op;
    }
  }

  /** The convolution in words, for messages. */
  String describe() {
    return direction.op()
        + "(x "
        + dtype
        + x
        + ", weight "
        + dtype
        + weight
        + ", y "
        + dtype
        + y
        + ", "
        + spec
        + ")";
  }
}
