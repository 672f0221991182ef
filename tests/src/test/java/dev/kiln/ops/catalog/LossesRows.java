package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.labels;
import static dev.kiln.ops.catalog.Row.maybe;
import static dev.kiln.testing.GradCheck.constant;
import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.ops.Losses;
import dev.kiln.ops.Reduction;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The rows of losses. */
final class LossesRows {
  private LossesRows() {}

  static List<Row> rows() {
    Input scores = input(71, 4, 3);
    Input target = uniform(72, 0.1, 0.9, 4, 3);
    Input weight = uniform(73, 0.5, 2, 3);
    long ignored = Losses.IGNORE_INDEX;
    Input p = uniform(171, 0.1, 0.9, 4, 3);
    Input q = uniform(172, 0.1, 0.9, 4, 3);
    Input x2 = input(173, 4, 3);
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row("Losses.mse", x -> Losses.mse(x.get(0), x.get(1), Reduction.MEAN), scores, target));
    rows.add(
        new Row("Losses.l1", x -> Losses.l1(x.get(0), x.get(1), Reduction.SUM), scores, target));
    rows.add(
        new Row(
            "Losses.huber",
            x -> Losses.huber(x.get(0), x.get(1), 0.6, Reduction.NONE),
            scores,
            target));
    rows.add(
        new Row(
            "Losses.smoothL1",
            x -> Losses.smoothL1(x.get(0), x.get(1), 0.5, Reduction.MEAN),
            scores,
            target));
    rows.add(
        new Row(
            "Losses.bceWithLogits",
            x -> Losses.bceWithLogits(x.get(0), x.get(1), maybe(x, 2), Reduction.MEAN),
            scores,
            target,
            constant(weight)));
    rows.add(
        new Row(
            "Losses.klDiv",
            x -> Losses.klDiv(x.get(0).logSoftmax(1), x.get(1), false, Reduction.BATCHMEAN),
            scores,
            target));
    rows.add(
        new Row(
            "Losses.klDiv log target",
            x -> Losses.klDiv(x.get(0), x.get(1), true, Reduction.SUM),
            scores,
            input(74, 4, 3)));
    rows.add(
        new Row(
            "Losses.nll",
            x ->
                Losses.nll(
                    x.get(0),
                    labels(x.get(0), 2, ignored, 0, 1),
                    maybe(x, 1),
                    ignored,
                    Reduction.MEAN),
            scores,
            constant(weight)));
    rows.add(
        new Row(
            "Losses.crossEntropy",
            x ->
                Losses.crossEntropy(
                    x.get(0),
                    labels(x.get(0), 2, 1, 0, 1),
                    Optional.empty(),
                    0,
                    ignored,
                    Reduction.MEAN),
            scores));
    rows.add(
        new Row(
            "Losses.crossEntropy weighted, smoothed, ignoring",
            x ->
                Losses.crossEntropy(
                    x.get(0),
                    labels(x.get(0), 2, ignored, 0, 1),
                    maybe(x, 1),
                    0.2,
                    ignored,
                    Reduction.MEAN),
            scores,
            constant(weight)));
    rows.add(
        new Row(
            "Losses.crossEntropy of images",
            x ->
                Losses.crossEntropy(
                    x.get(0),
                    labels(x.get(0), 2, 1, 0, 1, 0, 2).reshape(2, 3),
                    Optional.empty(),
                    0.1,
                    ignored,
                    Reduction.NONE),
            input(75, 2, 3, 3)));
    rows.add(
        new Row(
            "Losses.crossEntropyProbabilities",
            x ->
                Losses.crossEntropyProbabilities(
                    x.get(0), x.get(1), maybe(x, 2), 0.1, Reduction.MEAN),
            scores,
            target,
            constant(weight)));
    rows.add(
        new Row(
            "Losses.bce",
            t -> Losses.bce(t.get(0), t.get(1), maybe(t, 2), Reduction.MEAN),
            p,
            q,
            constant(uniform(176, 0.5, 2, 3))));
    rows.add(
        new Row(
            "Losses.poissonNll",
            t -> Losses.poissonNll(t.get(0), t.get(1), true, true, 1e-8, Reduction.SUM),
            x2,
            constant(uniform(177, 0.5, 4, 4, 3))));
    rows.add(
        new Row(
            "Losses.poissonNll rates",
            t -> Losses.poissonNll(t.get(0), t.get(1), false, false, 1e-8, Reduction.MEAN),
            p,
            q));
    rows.add(
        new Row(
            "Losses.bceWithLogits weighted",
            x -> Losses.bceWithLogits(x.get(0), x.get(1), maybe(x, 2), maybe(x, 2), Reduction.NONE),
            scores,
            target,
            constant(weight)));
    return rows;
  }
}
