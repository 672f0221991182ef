package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.constant;
import static dev.kiln.testing.GradCheck.input;

import dev.kiln.Tensor;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Reduction;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of losses with margins. */
final class MarginLossesRows {
  private MarginLossesRows() {}

  static List<Row> rows() {
    Input x = input(173, 4, 3);
    Input y = input(174, 4, 3);
    Input z = input(175, 4, 3);
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "MarginLosses.hingeEmbedding",
            t -> MarginLosses.hingeEmbedding(t.get(0), sign(t.get(1)), 0.7, Reduction.NONE),
            x,
            constant(y)));
    rows.add(
        new Row(
            "MarginLosses.marginRanking",
            t ->
                MarginLosses.marginRanking(t.get(0), t.get(1), sign(t.get(2)), 0.3, Reduction.MEAN),
            x,
            y,
            constant(z)));
    rows.add(
        new Row(
            "MarginLosses.tripletMargin",
            t ->
                MarginLosses.tripletMargin(
                    t.get(0), t.get(1), t.get(2), 1, 2, 1e-6, true, Reduction.SUM),
            x,
            y,
            z));
    rows.add(
        new Row(
            "MarginLosses.cosineEmbedding",
            t ->
                MarginLosses.cosineEmbedding(
                    t.get(0), t.get(1), sign(t.get(2)), 0.1, Reduction.MEAN),
            x,
            y,
            constant(input(178, 4))));
    return rows;
  }

  private static Tensor sign(Tensor t) {
    return t.detach().sign();
  }
}
