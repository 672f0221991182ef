package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.constant;
import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.Tensor;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Reduction;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
    rows.add(
        new Row(
            "MarginLosses.tripletMarginWithDistance",
            t ->
                MarginLosses.tripletMarginWithDistance(
                    t.get(0),
                    t.get(1),
                    t.get(2),
                    (a, b) -> a.sub(b).square().sum(1),
                    0.5,
                    true,
                    Reduction.MEAN),
            x,
            y,
            z));
    rows.add(
        new Row(
            "MarginLosses.softMargin",
            t -> MarginLosses.softMargin(t.get(0), sign(t.get(1)), Reduction.MEAN),
            x,
            constant(y)));
    rows.add(
        new Row(
            "MarginLosses.multiLabelSoftMargin",
            t ->
                MarginLosses.multiLabelSoftMargin(
                    t.get(0), sign(t.get(1)).clamp(0, 1), Optional.of(t.get(2)), Reduction.NONE),
            x,
            constant(y),
            constant(uniform(179, 0.5, 2, 3))));
    for (int p = 1; p <= 2; p++) {
      int power = p;
      rows.add(
          new Row(
              "MarginLosses.multiMargin " + p,
              t ->
                  MarginLosses.multiMargin(
                      t.get(0),
                      Row.labels(t.get(0), 2, 0, 1, 2),
                      power,
                      0.8,
                      Optional.of(t.get(1)),
                      Reduction.NONE),
              x,
              constant(uniform(179, 0.5, 2, 3))));
    }
    rows.add(
        new Row(
            "MarginLosses.multiLabelMargin",
            t ->
                MarginLosses.multiLabelMargin(
                    t.get(0),
                    Row.labels(t.get(0), 2, 0, -1, 1, -1, 0, 0, 1, 2, -1, 1, 1).reshape(4, 3),
                    Reduction.NONE),
            x));
    return rows;
  }

  private static Tensor sign(Tensor t) {
    return t.detach().sign();
  }
}
