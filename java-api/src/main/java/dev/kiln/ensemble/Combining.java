package dev.kiln.ensemble;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Shaping;
import java.util.Arrays;
import java.util.List;

/**
 * How several models' scores become one.
 *
 * <p>Results are scores again, whose softmax are the probabilities, so that losses, metrics and
 * predictions take them as they take a single model's.
 */
public enum Combining {
  /**
   * The weighted mean of the probabilities, also called soft voting. Results are its logarithm,
   * computed without leaving logarithms.
   */
  PROBABILITIES,
  /** The weighted mean of the scores, which is the geometric mean of the probabilities. */
  LOGITS,
  /**
   * Hard voting: each model votes for its likeliest class with its weight. Results are the
   * logarithms of the shares of votes; a class without votes gets 1e-7. Of classes with equally
   * many votes the first wins, and of a model's equal scores the first gets the vote.
   */
  VOTES;

  private static final double NO_VOTES = 1e-7;

  /**
   * Stacks scores.
   *
   * @param scores of each model, all of one shape
   * @return [models, ...]
   */
  static Tensor stack(List<Tensor> scores) {
    Tensor first = scores.get(0);
    for (Tensor t : scores) {
      if (!t.shape().equals(first.shape())) {
        throw new ShapeException(
            "[ensemble] members gave %s and %s; they must have the same classes"
                .formatted(first.describe(), t.describe()));
      }
    }
    return Shaping.stack(scores, 0);
  }

  /**
   * Combines scores.
   *
   * @param all the scores of all models, [models, n, classes, ...]
   * @param weights one for each model, [models], with the sum 1
   * @return scores [n, classes, ...]
   */
  Tensor combine(Tensor all, Tensor weights) {
    if (all.dim() < 3) {
      throw new ShapeException(
          "[ensemble] output %s has no class axis; it must be [N,C] or [N,C,...]"
              .formatted(all.select(0, 0).describe()));
    }
    long[] dims = new long[all.dim()];
    Arrays.fill(dims, 1);
    dims[0] = all.size(0);
    Tensor w = weights.to(all.dtype()).reshape(dims);
    return switch (this) {
      case PROBABILITIES -> all.logSoftmax(2).add(w.log()).logsumexp(0);
      case LOGITS -> all.mul(w).sum(0);
      case VOTES -> votes(all, w);
    };
  }

  private static Tensor votes(Tensor all, Tensor w) {
    long[] dims = new long[all.dim()];
    Arrays.fill(dims, 1);
    dims[2] = all.size(2);
    Tensor classes = Tensor.arange(all.size(2), all.device()).reshape(dims);
    Tensor ballots = all.detach().argmax(2).unsqueeze(2).eq(classes).to(all.dtype());
    return ballots.mul(w).sum(0).clamp(NO_VOTES, 1).log();
  }
}
