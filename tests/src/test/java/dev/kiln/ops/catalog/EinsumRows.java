package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Einsum;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of Einstein's notation. */
final class EinsumRows {
  private EinsumRows() {}

  static List<Row> rows() {
    Input x = input(101, 2, 3, 4);
    Input square = input(102, 2, 4, 4);
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "Einsum.einsum",
            t -> Einsum.einsum("bij,bkj->ikb", t.get(0), t.get(1)),
            x,
            input(110, 2, 2, 4)));
    rows.add(
        new Row(
            "Einsum.einsum three terms",
            t -> Einsum.einsum("bij, j, ik -> bk", t.get(0), t.get(1), t.get(2)),
            x,
            input(111, 4),
            input(112, 3, 2)));
    rows.add(
        new Row("Einsum.einsum diagonal", t -> Einsum.einsum("...ii->...i", t.get(0)), square));
    return rows;
  }
}
