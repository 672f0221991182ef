package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Sorting;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of sorting. */
final class SortingRows {
  private SortingRows() {}

  static List<Row> rows() {
    Input x = input(101, 2, 3, 4);
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("Sorting.sort", t -> Sorting.sort(t.get(0), 1, true).values(), x));
    rows.add(new Row("Sorting.topk", t -> Sorting.topk(t.get(0), 2, -1, false).values(), x));
    rows.add(Row.fixed("Sorting.argsort", t -> Sorting.argsort(t.get(0), 1, true), x));
    rows.add(new Row("Sorting.msort", t -> Sorting.msort(t.get(0)), x));
    return rows;
  }
}
