package dev.kiln.nn;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;

/** Softmax over the channels of each pixel, for images [n, c, h, w] or [c, h, w]. */
public final class Softmax2d extends Module {
  /** Makes the layer. */
  public Softmax2d() {}

  @Override
  public Tensor forward(Tensor x) {
    if (x.dim() != 3 && x.dim() != 4) {
      throw new ShapeException(
          "[softmax2d] input " + x.describe() + " must be NCHW, or CHW for one image");
    }
    return dev.kiln.ops.Softmax.softmax(x, -3);
  }
}
