package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.unary;
import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.ops.Trigonometry;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of circular and hyperbolic functions. */
final class TrigonometryRows {
  private TrigonometryRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    Input inside = uniform(41, -0.9, 0.9, 3, 4);
    Input above = uniform(42, 1.2, 4, 3, 4);
    Input a = input(43, 2, 3);
    Input row = uniform(44, 0.5, 2, 3);
    rows.add(new Row("Trigonometry.tan", t -> Trigonometry.tan(t.get(0)), inside));
    rows.add(new Row("Trigonometry.asin", t -> Trigonometry.asin(t.get(0)), inside));
    rows.add(new Row("Trigonometry.acos", t -> Trigonometry.acos(t.get(0)), inside));
    rows.add(unary("Trigonometry.atan", Trigonometry::atan));
    rows.add(unary("Trigonometry.sinh", Trigonometry::sinh));
    rows.add(unary("Trigonometry.cosh", Trigonometry::cosh));
    rows.add(unary("Trigonometry.asinh", Trigonometry::asinh));
    rows.add(new Row("Trigonometry.acosh", t -> Trigonometry.acosh(t.get(0)), above));
    rows.add(new Row("Trigonometry.atanh", t -> Trigonometry.atanh(t.get(0)), inside));
    rows.add(new Row("Trigonometry.atan2", t -> Trigonometry.atan2(t.get(0), t.get(1)), a, row));
    rows.add(new Row("Trigonometry.hypot", t -> Trigonometry.hypot(t.get(0), t.get(1)), a, row));
    rows.add(unary("Trigonometry.deg2rad", Trigonometry::deg2rad));
    rows.add(unary("Trigonometry.rad2deg", Trigonometry::rad2deg));
    return rows;
  }
}
