package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.labels;
import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Indexing;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** The rows of picking and scattering. */
final class IndexingRows {
  private IndexingRows() {}

  static List<Row> rows() {
    Input x3 = input(31, 2, 3, 4);
    Input one = input(32, 2, 1, 4);
    Input x2 = input(101, 2, 3, 4);
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "Indexing.gather",
            x -> Indexing.gather(x.get(0), 2, labels(x.get(0), 0, 3, 3, 1, 1, 1).reshape(2, 3, 1)),
            x3));
    rows.add(
        new Row(
            "Indexing.indexSelect",
            x -> Indexing.indexSelect(x.get(0), 1, labels(x.get(0), 2, 0, 2)),
            x3));
    rows.add(
        new Row(
            "Indexing.scatterAdd",
            x ->
                Indexing.scatterAdd(
                    x.get(0),
                    1,
                    labels(x.get(0), 0, 2, 2, 1, 0, 0, 1, 1).reshape(2, 1, 4),
                    x.get(1)),
            x3,
            one));
    rows.add(
        new Row(
            "Indexing.scatter",
            t ->
                Indexing.scatter(
                    t.get(0), 2, labels(t.get(0), 3, 3, 0, 1).reshape(2, 1, 2), t.get(1)),
            x2,
            input(105, 2, 2, 3)));
    rows.add(
        new Row(
            "Indexing.indexAdd",
            t -> Indexing.indexAdd(t.get(0), 1, labels(t.get(0), 2, 0, 2, 2), t.get(1)),
            x2,
            input(106, 2, 4, 4)));
    rows.add(
        new Row(
            "Indexing.embedding",
            t ->
                Indexing.embedding(
                    t.get(0), labels(t.get(0), 1, 0, 1, 3).reshape(2, 2), OptionalLong.empty()),
            input(107, 4, 3)));
    rows.add(
        new Row(
            "Indexing.scatterAdd of a part",
            t ->
                Indexing.scatterAdd(
                    t.get(0), 2, labels(t.get(0), 3, 3, 0, 1).reshape(2, 1, 2), t.get(1)),
            x2,
            input(108, 2, 2, 3)));
    return rows;
  }
}
