package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Softmax;
import java.util.ArrayList;
import java.util.List;

/** The rows of softmax. */
final class SoftmaxRows {
  private SoftmaxRows() {}

  static List<Row> rows() {

    List<Row> rows = new ArrayList<>();
    rows.add(new Row("Softmax.softmax", x -> Softmax.softmax(x.get(0), 1), input(67, 2, 3, 4)));
    rows.add(
        new Row("Softmax.logSoftmax", x -> Softmax.logSoftmax(x.get(0), -1), input(68, 2, 3, 4)));
    return rows;
  }
}
