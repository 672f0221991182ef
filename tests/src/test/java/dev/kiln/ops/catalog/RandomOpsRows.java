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
        new Row(
            "RandomOps.featureDropout",
            x -> RandomOps.featureDropout(x.get(0), 0.4, x.get(0).device().generator()),
            input(161, 3, 4, 2)));
    rows.add(
        new Row(
            "RandomOps.alphaDropout",
            x -> RandomOps.alphaDropout(x.get(0), 0.3, x.get(0).device().generator()),
            input(162, 5, 6)));
    rows.add(
        new Row(
            "RandomOps.featureAlphaDropout",
            x -> RandomOps.featureAlphaDropout(x.get(0), 0.3, x.get(0).device().generator()),
            input(163, 3, 4, 2)));
    rows.add(
        new Row(
            "RandomOps.rrelu",
            x -> RandomOps.rrelu(x.get(0), 0.1, 0.4, x.get(0).device().generator()),
            input(164, 5, 6)));
    rows.add(
        Row.fixed("RandomOps.bernoulli", t -> RandomOps.bernoulli(t.get(0), 0.3), input(69, 5, 6)));
    return rows;
  }
}
