package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.ops.Division;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of rounded quotients and what they leave. */
final class DivisionRows {
  private DivisionRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    Input a = uniform(51, -9, 9, 3, 4);
    Input b = uniform(52, 1.5, 4, 4);
    rows.add(
        Row.fixed("Division.floorDivide", t -> Division.floorDivide(t.get(0), t.get(1)), a, b));
    rows.add(Row.fixed("Division.floorDivide number", t -> Division.floorDivide(t.get(0), 2), a));
    rows.add(new Row("Division.remainder", t -> Division.remainder(t.get(0), t.get(1)), a, b));
    rows.add(new Row("Division.remainder number", t -> Division.remainder(t.get(0), 2), a));
    rows.add(new Row("Division.fmod", t -> Division.fmod(t.get(0), t.get(1)), a, b));
    rows.add(new Row("Division.fmod number", t -> Division.fmod(t.get(0), 2), a));
    rows.add(new Row("Division.trunc", t -> Division.trunc(t.get(0)).add(t.get(0)), a));
    rows.add(new Row("Division.frac", t -> Division.frac(t.get(0)), a));
    return rows;
  }
}
