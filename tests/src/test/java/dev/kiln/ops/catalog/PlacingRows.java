package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.labels;
import static dev.kiln.testing.GradCheck.input;

import dev.kiln.Tensor;
import dev.kiln.ops.Placing;
import dev.kiln.ops.Placing.Reduce;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of picking and placing by several indices and by reducing. */
final class PlacingRows {
  private PlacingRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    Input x = input(66, 2, 3, 4);
    Input src = input(67, 2, 5, 4);
    rows.add(
        new Row("Placing.take", t -> Placing.take(t.get(0), labels(t.get(0), 0, -1, 5, 5)), x));
    rows.add(
        new Row(
            "Placing.takeAlongDim",
            t -> Placing.takeAlongDim(t.get(0), labels(t.get(0), 2, 0, 2).reshape(1, 3, 1), 1),
            x));
    rows.add(
        new Row(
            "Placing.index",
            t -> Placing.index(t.get(0), List.of(labels(t.get(0), 0, 1, 1), labels(t.get(0), -1))),
            x));
    rows.add(new Row("Placing.indexPut", t -> put(t.get(0), t.get(1), false), x, input(68, 3, 4)));
    rows.add(
        new Row("Placing.indexPut add", t -> put(t.get(0), t.get(1), true), x, input(68, 3, 4)));
    rows.add(
        new Row(
            "Placing.indexFill",
            t -> Placing.indexFill(t.get(0), 1, labels(t.get(0), 2, 0), 3),
            x));
    rows.add(
        new Row(
            "Placing.indexCopy",
            t -> Placing.indexCopy(t.get(0), 1, labels(t.get(0), 2, 0), t.get(1)),
            x,
            input(69, 2, 2, 4)));
    rows.add(
        new Row(
            "Placing.scatter",
            t -> Placing.scatter(t.get(0), 1, labels(t.get(0), 2, 0).reshape(1, 2, 1), 3),
            x));
    for (Reduce reduce : Reduce.values()) {
      rows.add(new Row("Placing.scatterReduce " + reduce, t -> reduced(t, reduce, true), x, src));
      rows.add(
          new Row("Placing.scatterReduce only " + reduce, t -> reduced(t, reduce, false), x, src));
    }
    return rows;
  }

  private static Tensor put(Tensor x, Tensor values, boolean accumulate) {
    List<Tensor> at = List.of(labels(x, 0, 1, 1), labels(x, 2, 0, 0));
    return Placing.indexPut(x, at, values, accumulate);
  }

  private static Tensor reduced(List<Tensor> t, Reduce reduce, boolean includeSelf) {
    Tensor index = labels(t.get(0), 0, 2, 2, 0, 2).reshape(1, 5, 1).expand(2, 5, 4);
    return Placing.scatterReduce(t.get(0), 1, index, t.get(1), reduce, includeSelf);
  }
}
