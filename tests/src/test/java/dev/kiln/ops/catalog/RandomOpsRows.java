package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.RandomOps;
import java.util.ArrayList;
import java.util.List;

/** The rows of ops that draw random numbers. */
final class RandomOpsRows {
  private RandomOpsRows() {}

  static List<Row> rows() {

    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "RandomOps.dropout",
            x -> RandomOps.dropout(x.get(0), 0.4, x.get(0).device().generator()),
            input(69, 5, 6)));
    rows.add(
        Row.fixed("RandomOps.bernoulli", t -> RandomOps.bernoulli(t.get(0), 0.3), input(69, 5, 6)));
    return rows;
  }
}
