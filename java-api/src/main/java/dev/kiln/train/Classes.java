package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Losses;

/**
 * Class numbers of a batch.
 *
 * @param predicted the class of the highest score, INT64
 * @param target the right class, INT64, of the same shape
 * @param counted BOOL: false where the target is {@link Losses#IGNORE_INDEX}
 */
record Classes(Tensor predicted, Tensor target, Tensor counted) {

  /** Compares scores [N,C,...] with labels [N,...] or probabilities [N,C,...]. */
  static Classes of(String metric, Tensor output, Tensor target) {
    Tensor wanted = labels(metric, output, target);
    return new Classes(output.argmax(1), wanted, wanted.ne(Losses.IGNORE_INDEX));
  }

  /** Returns the right classes as INT64. */
  static Tensor labels(String metric, Tensor output, Tensor target) {
    Shape scores = output.shape();
    if (scores.rank() < 2) {
      throw new ShapeException(
          "[%s] output %s has no class axis; it must be [N,C] or [N,C,...]"
              .formatted(metric, output.describe()));
    }
    if (target.dtype().isFloating() && target.shape().equals(scores)) {
      return target.argmax(1);
    }
    if (target.dtype().isFloating() || !target.shape().equals(scores.without(1))) {
      throw new ShapeException(
          "[%s] output %s and target %s do not fit; the target must be labels of shape %s or"
                  .formatted(metric, output.describe(), target.describe(), scores.without(1))
              + " probabilities of the output's shape");
    }
    return target.to(DType.INT64);
  }
}
