package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Losses;

/**
 * Scores and targets of a batch as rows, for metrics of probabilities.
 *
 * @param logp log-probabilities [rows, classes], FLOAT32 or FLOAT64
 * @param target right classes [rows] INT64, 0 where the row does not count; or distributions [rows,
 *     classes] of logp's type
 * @param counted 1 where a row counts, else 0: [rows], of logp's type
 */
record Scores(Tensor logp, Tensor target, Tensor counted) {

  /** Takes scores [N,C,...] and labels [N,...] or distributions [N,C,...]. */
  static Scores of(String metric, Tensor output, Tensor target) {
    if (output.dim() < 2 || !output.dtype().isFloating()) {
      throw new ShapeException(
          "[%s] output %s must be scores [N,C] or [N,C,...]".formatted(metric, output.describe()));
    }
    DType type = output.dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    Tensor logp = rows(output.detach().to(type)).logSoftmax(1);
    if (target.dtype().isFloating() && target.shape().equals(output.shape())) {
      Tensor q = rows(target.to(type));
      return new Scores(logp, q, Tensor.ones(logp.shape().without(1), type, logp.device()));
    }
    Tensor labels = Classes.labels(metric, output, target).reshape(-1);
    Tensor counted = labels.ne(Losses.IGNORE_INDEX);
    Tensor nothing = Tensor.scalar(0, DType.INT64, labels.device());
    return new Scores(logp, labels.where(counted, nothing), counted.to(type));
  }

  private static Tensor rows(Tensor x) {
    if (x.dim() == 2) {
      return x;
    }
    int[] axes = new int[x.dim()];
    for (int axis = 2; axis < axes.length; axis++) {
      axes[axis - 1] = axis;
    }
    axes[axes.length - 1] = 1;
    return x.permute(axes).reshape(-1, x.size(1));
  }

  boolean soft() {
    return target.dtype().isFloating();
  }

  /** The right classes [rows]; of a distribution the likeliest one. */
  Tensor labels() {
    return soft() ? target.argmax(1) : target;
  }

  /** One value of each row at its right class: {@code x[i][target[i]]}. */
  Tensor at(Tensor x) {
    return x.gather(1, target.unsqueeze(1)).reshape(-1);
  }
}
