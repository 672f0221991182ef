package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.Tensor;
import dev.kiln.ops.Searching;
import dev.kiln.ops.Sorting;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of finding places and distinct elements. */
final class SearchingRows {
  private SearchingRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    Input x = input(63, 2, 5);
    Input line = input(64, 7);
    rows.add(
        Row.fixed(
            "Searching.searchsorted",
            t -> Searching.searchsorted(Sorting.msort(t.get(1)), t.get(0), true),
            x,
            line));
    rows.add(
        Row.fixed(
            "Searching.bucketize",
            t -> Searching.bucketize(t.get(0), Sorting.msort(t.get(1)), false),
            x,
            line));
    rows.add(Row.fixed("Searching.unique", t -> Searching.unique(t.get(0)).values(), x));
    rows.add(
        Row.fixed(
            "Searching.uniqueConsecutive", t -> Searching.uniqueConsecutive(t.get(0)).counts(), x));
    rows.add(Row.fixed("Searching.nonzero", t -> Searching.nonzero(t.get(0)), x));
    rows.add(
        new Row(
            "Searching.maskedSelect", t -> Searching.maskedSelect(t.get(0), above(t.get(0))), x));
    rows.add(
        new Row(
            "Searching.maskedScatter",
            t -> Searching.maskedScatter(t.get(0), above(t.get(0)), t.get(1)),
            x,
            input(65, 10)));
    return rows;
  }

  private static Tensor above(Tensor x) {
    return x.detach().gt(0);
  }
}
