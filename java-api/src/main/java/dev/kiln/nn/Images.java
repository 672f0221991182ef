package dev.kiln.nn;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import java.util.function.UnaryOperator;

/** Lets layers for batches of images take a single image too. */
final class Images {
  private Images() {}

  /** Runs a function of [n, c, h, w] on that, or on [c, h, w] as a batch of one. */
  static Tensor batched(String op, Tensor x, UnaryOperator<Tensor> function) {
    if (x.dim() == 3) {
      return function.apply(x.unsqueeze(0)).squeeze(0);
    }
    if (x.dim() != 4) {
      throw new ShapeException(
          "["
              + op
              + "] input "
              + x.describe()
              + " has rank "
              + x.dim()
              + " but NCHW, or CHW for one image, is expected");
    }
    return function.apply(x);
  }
}
