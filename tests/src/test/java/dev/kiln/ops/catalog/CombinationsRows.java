package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.wide;
import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.ops.Combinations;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** The rows of arithmetic of several operands. */
final class CombinationsRows {
  private CombinationsRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    Input x = input(57, 2, 3);
    Input a = input(58, 3);
    Input b = uniform(59, 0.5, 2, 2, 1);
    rows.add(new Row("Combinations.add", t -> Combinations.add(t.get(0), t.get(1), 3), x, a));
    rows.add(new Row("Combinations.sub", t -> Combinations.sub(t.get(0), t.get(1), 3), x, a));
    rows.add(
        new Row(
            "Combinations.addcmul",
            t -> Combinations.addcmul(t.get(0), t.get(1), t.get(2), 2),
            x,
            a,
            b));
    rows.add(
        new Row(
            "Combinations.addcdiv",
            t -> Combinations.addcdiv(t.get(0), t.get(1), t.get(2), 2),
            x,
            a,
            b));
    rows.add(wide("Combinations.clampMin", t -> Combinations.clampMin(t, -1)));
    rows.add(wide("Combinations.clampMax", t -> Combinations.clampMax(t, 2)));
    rows.add(
        new Row("Combinations.copysign", t -> Combinations.copysign(t.get(0), t.get(1)), x, a));
    rows.add(
        wide(
            "Combinations.nanToNum",
            t -> Combinations.nanToNum(t, 0, OptionalDouble.empty(), OptionalDouble.empty())));
    return rows;
  }
}
