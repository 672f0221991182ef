package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.Tensor;
import dev.kiln.ops.LikelihoodLosses;
import dev.kiln.ops.Reduction;
import java.util.ArrayList;
import java.util.List;

/** The rows of likelihoods of distributions and alignments. */
final class LikelihoodLossesRows {
  private LikelihoodLossesRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "LikelihoodLosses.gaussianNll",
            t ->
                LikelihoodLosses.gaussianNll(
                    t.get(0), t.get(1), t.get(2), true, 1e-6, Reduction.NONE),
            input(191, 4, 3),
            input(192, 4, 3),
            uniform(193, 0.5, 2, 4)));
    rows.add(
        new Row("LikelihoodLosses.ctc", t -> ctc(t.get(0), Reduction.NONE), input(194, 6, 3, 4)));
    rows.add(
        new Row(
            "LikelihoodLosses.ctc mean", t -> ctc(t.get(0), Reduction.MEAN), input(195, 6, 3, 4)));
    return rows;
  }

  /** Scores, normalised as the op demands; a repeated label, a short input, an empty target. */
  private static Tensor ctc(Tensor scores, Reduction reduction) {
    return LikelihoodLosses.ctc(
        scores.logSoftmax(2),
        Row.labels(scores, 2, 2, 1, 3, 1, 0, 0, 0, 0).reshape(3, 3),
        Row.labels(scores, 6, 4, 3),
        Row.labels(scores, 3, 2, 0),
        0,
        reduction,
        false);
  }
}
