package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.ops.Activations;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of activation functions of more than one element. */
final class ActivationsRows {
  private ActivationsRows() {}

  static List<Row> rows() {
    Input image = input(121, 2, 4, 5, 6);
    Input four = uniform(124, 0.5, 1.5, 4);
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("Activations.prelu", t -> Activations.prelu(t.get(0), t.get(1)), image, four));
    rows.add(
        new Row(
            "Activations.prelu shared",
            t -> Activations.prelu(t.get(0), t.get(1)),
            image,
            uniform(126, 0.1, 0.4, 1)));
    rows.add(new Row("Activations.glu", t -> Activations.glu(t.get(0), 1), image));
    rows.add(
        new Row("Activations.hardshrink", t -> Activations.hardshrink(t.get(0), 0.4567), image));
    rows.add(
        new Row("Activations.softshrink", t -> Activations.softshrink(t.get(0), 0.4567), image));
    rows.add(new Row("Activations.tanhshrink", t -> Activations.tanhshrink(t.get(0)), image));
    rows.add(
        new Row("Activations.threshold", t -> Activations.threshold(t.get(0), 0.3456, 20), image));
    rows.add(new Row("Activations.softmin", t -> Activations.softmin(t.get(0), 1), image));
    return rows;
  }
}
