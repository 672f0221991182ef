package dev.kiln.nn;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Pooling.Maxima;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Lets layers for batches of sequences, images or volumes take a single one too. */
final class Images {
  private static final List<String> LAYOUTS =
      List.of(
          "NCL, or CL for one sequence",
          "NCHW, or CHW for one image",
          "NCDHW, or CDHW for one volume");

  private Images() {}

  /** Tells whether x is one example without a batch axis; demands the right rank. */
  static boolean single(String op, Tensor x, int axes) {
    if (x.dim() != axes + 1 && x.dim() != axes + 2) {
      throw new ShapeException(
          "["
              + op
              + "] input "
              + x.describe()
              + " has rank "
              + x.dim()
              + " but "
              + LAYOUTS.get(axes - 1)
              + ", is expected");
    }
    return x.dim() == axes + 1;
  }

  /** Runs a function of [n, c, axes...] on that, or on [c, axes...] as a batch of one. */
  static Tensor batched(String op, Tensor x, int axes, UnaryOperator<Tensor> function) {
    return single(op, x, axes) ? function.apply(x.unsqueeze(0)).squeeze(0) : function.apply(x);
  }

  /** As {@link #batched}, for pooling that also tells positions. */
  static Maxima pooled(String op, Tensor x, int axes, Function<Tensor, Maxima> function) {
    if (!single(op, x, axes)) {
      return function.apply(x);
    }
    return function.apply(x.unsqueeze(0)).squeeze(0);
  }
}
