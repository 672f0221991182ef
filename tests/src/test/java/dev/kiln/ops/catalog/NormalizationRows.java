package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.maybe;
import static dev.kiln.testing.GradCheck.constant;
import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.Shape;
import dev.kiln.ops.InstanceNormalization;
import dev.kiln.ops.LocalResponse;
import dev.kiln.ops.Normalization;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The rows of normalisation. */
final class NormalizationRows {
  private NormalizationRows() {}

  static List<Row> rows() {
    Input image = input(41, 2, 4, 6, 5);
    Input bias = input(43, 4);
    Input positive = uniform(46, 0.5, 1.5, 4);
    Input flat = input(45, 6, 4);
    Input imageB = input(121, 2, 4, 5, 6);
    Input four = uniform(124, 0.5, 1.5, 4);
    Input biasB = input(125, 4);
    Input sequence = input(123, 2, 4, 7);
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "Normalization.batchNorm",
            x ->
                Normalization.batchNorm(
                    x.get(0),
                    Optional.empty(),
                    Optional.empty(),
                    maybe(x, 1),
                    maybe(x, 2),
                    true,
                    0.1,
                    1e-5),
            image,
            positive,
            bias));
    rows.add(
        new Row(
            "Normalization.batchNorm evaluating",
            x ->
                Normalization.batchNorm(
                    x.get(0),
                    Optional.of(x.get(3)),
                    Optional.of(x.get(1).detach()),
                    maybe(x, 1),
                    maybe(x, 2),
                    false,
                    0.1,
                    1e-5),
            flat,
            constant(positive),
            bias,
            constant(bias)));
    rows.add(
        new Row(
            "Normalization.layerNorm",
            x -> Normalization.layerNorm(x.get(0), Shape.of(4), maybe(x, 1), maybe(x, 2), 1e-5),
            flat,
            positive,
            bias));
    rows.add(
        new Row(
            "Normalization.layerNorm two axes",
            x ->
                Normalization.layerNorm(
                    x.get(0), Shape.of(6, 5), Optional.empty(), Optional.empty(), 1e-5),
            image));
    rows.add(
        new Row(
            "Normalization.groupNorm",
            t -> Normalization.groupNorm(t.get(0), 2, maybe(t, 1), maybe(t, 2), 1e-5),
            imageB,
            four,
            biasB));
    rows.add(
        new Row(
            "Normalization.instanceNorm",
            t -> Normalization.instanceNorm(t.get(0), maybe(t, 1), maybe(t, 2), 1e-5),
            sequence,
            four,
            biasB));
    rows.add(
        new Row(
            "Normalization.rmsNorm",
            t -> Normalization.rmsNorm(t.get(0), Shape.of(6), maybe(t, 1), 1e-6),
            imageB,
            uniform(133, 0.5, 1.5, 6)));
    rows.add(
        new Row(
            "LocalResponse.localResponseNorm",
            t -> LocalResponse.localResponseNorm(t.get(0), 3, 0.4, 0.75, 0.8),
            imageB));
    for (boolean own : new boolean[] {true, false}) {
      rows.add(
          new Row(
              "InstanceNormalization.instanceNorm " + own,
              t ->
                  InstanceNormalization.instanceNorm(
                      t.get(0),
                      Optional.of(t.get(3).copy()),
                      Optional.of(t.get(4).copy()),
                      maybe(t, 1),
                      maybe(t, 2),
                      own,
                      0.1,
                      1e-5),
              sequence,
              four,
              biasB,
              constant(biasB),
              constant(four)));
    }
    return rows;
  }
}
