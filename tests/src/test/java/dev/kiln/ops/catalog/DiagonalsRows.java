package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Diagonals;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of diagonals. */
final class DiagonalsRows {
  private DiagonalsRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    Input x = input(78, 2, 3, 4);
    Input m = input(79, 3, 4);
    Input v = input(80, 3);
    rows.add(new Row("Diagonals.diagonal", t -> Diagonals.diagonal(t.get(0), 1, 0, 2), x));
    rows.add(new Row("Diagonals.diagonal below", t -> Diagonals.diagonal(t.get(0), -1, 1, 2), x));
    rows.add(new Row("Diagonals.diagEmbed", t -> Diagonals.diagEmbed(t.get(0), -1, 0, -1), m));
    rows.add(new Row("Diagonals.diag", t -> Diagonals.diag(t.get(0), 1), v));
    rows.add(new Row("Diagonals.diag of a matrix", t -> Diagonals.diag(t.get(0), 1), m));
    rows.add(new Row("Diagonals.trace", t -> Diagonals.trace(t.get(0)), m));
    return rows;
  }
}
