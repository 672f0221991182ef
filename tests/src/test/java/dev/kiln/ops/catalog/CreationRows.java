package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.DType;
import dev.kiln.ops.Creation;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of tensors made from nothing. */
final class CreationRows {
  private CreationRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    DType f64 = DType.FLOAT64;
    Input x = input(96, 2, 3);
    rows.add(Row.fixed("Creation.emptyLike", t -> Creation.emptyLike(t.get(0)), x));
    rows.add(Row.fixed("Creation.fullLike", t -> Creation.fullLike(t.get(0), 3), x));
    rows.add(Row.fixed("Creation.zerosLike", t -> Creation.zerosLike(t.get(0)), x));
    rows.add(Row.fixed("Creation.onesLike", t -> Creation.onesLike(t.get(0)), x));
    rows.add(Row.fixed("Creation.randLike", t -> Creation.randLike(t.get(0)), x));
    rows.add(Row.fixed("Creation.randnLike", t -> Creation.randnLike(t.get(0)), x));
    rows.add(Row.fixed("Creation.eye", t -> Creation.eye(2, 3, f64, t.get(0).device()), x));
    rows.add(
        Row.fixed("Creation.arange", t -> Creation.arange(1, 4, 0.5, f64, t.get(0).device()), x));
    rows.add(
        Row.fixed("Creation.linspace", t -> Creation.linspace(0, 1, 5, f64, t.get(0).device()), x));
    rows.add(
        Row.fixed(
            "Creation.logspace", t -> Creation.logspace(0, 2, 3, 10, f64, t.get(0).device()), x));
    rows.add(
        Row.fixed(
            "Creation.trilIndices", t -> Creation.trilIndices(3, 2, 0, t.get(0).device()), x));
    rows.add(
        Row.fixed(
            "Creation.triuIndices", t -> Creation.triuIndices(3, 2, 0, t.get(0).device()), x));
    return rows;
  }
}
