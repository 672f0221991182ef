package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.DType;
import dev.kiln.Tensor;
import dev.kiln.ops.Predicates;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of questions about elements. */
final class PredicatesRows {
  private PredicatesRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    Input a = input(55, 2, 3);
    Input b = input(56, 3);
    rows.add(Row.fixed("Predicates.isnan", t -> Predicates.isnan(t.get(0)), a));
    rows.add(Row.fixed("Predicates.isinf", t -> Predicates.isinf(t.get(0)), a));
    rows.add(Row.fixed("Predicates.isfinite", t -> Predicates.isfinite(t.get(0)), a));
    rows.add(Row.fixed("Predicates.isposinf", t -> Predicates.isposinf(t.get(0)), a));
    rows.add(Row.fixed("Predicates.isneginf", t -> Predicates.isneginf(t.get(0)), a));
    rows.add(Row.fixed("Predicates.signbit", t -> Predicates.signbit(t.get(0)), a));
    rows.add(Row.fixed("Predicates.logicalNot", t -> Predicates.logicalNot(t.get(0)), a));
    rows.add(
        Row.fixed("Predicates.logicalXor", t -> Predicates.logicalXor(t.get(0), t.get(1)), a, b));
    rows.add(
        Row.fixed(
            "Predicates.isclose",
            t -> Predicates.isclose(t.get(0), t.get(1), 0.1, 0.1, true),
            a,
            b));
    rows.add(
        Row.fixed(
            "Predicates.allclose",
            t -> truth(Predicates.allclose(t.get(0), t.get(1), 0.1, 0.1, false), t.get(0)),
            a,
            b));
    rows.add(
        Row.fixed(
            "Predicates.equal", t -> truth(Predicates.equal(t.get(0), t.get(1)), t.get(0)), a, b));
    return rows;
  }

  private static Tensor truth(boolean value, Tensor like) {
    return Tensor.scalar(value ? 1 : 0, DType.BOOL, like.device());
  }
}
