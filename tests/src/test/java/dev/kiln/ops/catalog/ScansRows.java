package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.Shape;
import dev.kiln.ops.Scans;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of running sums and the like. */
final class ScansRows {
  private ScansRows() {}

  static List<Row> rows() {
    Input x = input(101, 2, 3, 4);
    Input holes =
        new Input(new double[] {2, 0, 3, 0, 0.5, 4, -1, 2, 0, 0, 3, 1}, Shape.of(3, 4), true);
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("Scans.cumsum", t -> Scans.cumsum(t.get(0), 2), x));
    rows.add(new Row("Scans.cumsum first axis", t -> Scans.cumsum(t.get(0), 0), x));
    rows.add(new Row("Scans.cumprod", t -> Scans.cumprod(t.get(0), 1), x));
    rows.add(new Row("Scans.cumprod with zeros", t -> Scans.cumprod(t.get(0), -1), holes));
    rows.add(new Row("Scans.cummax", t -> Scans.cummax(t.get(0), 2).values(), x));
    rows.add(new Row("Scans.cummin", t -> Scans.cummin(t.get(0), -2).values(), x));
    rows.add(new Row("Scans.logcumsumexp", t -> Scans.logcumsumexp(t.get(0), 2), x));
    rows.add(new Row("Scans.diff", t -> Scans.diff(t.get(0), 2, 1), x));
    return rows;
  }
}
