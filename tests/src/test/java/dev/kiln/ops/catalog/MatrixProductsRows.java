package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.MatrixProducts;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of products of vectors and matrices. */
final class MatrixProductsRows {
  private MatrixProductsRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    Input v = input(81, 3);
    Input w = input(82, 3);
    Input m = input(83, 2, 3);
    Input b = input(84, 2, 2, 3);
    Input c = input(85, 2, 3, 2);
    int[] first = {1, 2};
    int[] second = {0, 2};
    rows.add(new Row("MatrixProducts.dot", t -> MatrixProducts.dot(t.get(0), t.get(1)), v, w));
    rows.add(
        new Row("MatrixProducts.vecdot", t -> MatrixProducts.vecdot(t.get(0), t.get(1), -1), m, v));
    rows.add(new Row("MatrixProducts.mv", t -> MatrixProducts.mv(t.get(0), t.get(1)), m, v));
    rows.add(
        new Row(
            "MatrixProducts.addmv",
            t -> MatrixProducts.addmv(t.get(0), t.get(1), t.get(2), 0.5, 2),
            input(86, 2),
            m,
            v));
    rows.add(
        new Row(
            "MatrixProducts.addr",
            t -> MatrixProducts.addr(t.get(0), t.get(1), t.get(2), 0.5, 2),
            m,
            input(86, 2),
            v));
    rows.add(
        new Row(
            "MatrixProducts.baddbmm",
            t -> MatrixProducts.baddbmm(t.get(0), t.get(1), t.get(2), 0.5, 2),
            input(87, 2, 2, 2),
            b,
            c));
    rows.add(
        new Row(
            "MatrixProducts.addbmm",
            t -> MatrixProducts.addbmm(t.get(0), t.get(1), t.get(2), 0.5, 2),
            input(88, 2, 2),
            b,
            c));
    rows.add(
        new Row(
            "MatrixProducts.tensordot",
            t -> MatrixProducts.tensordot(t.get(0), t.get(1), first, second),
            input(89, 4, 2, 3),
            input(90, 2, 5, 3)));
    rows.add(new Row("MatrixProducts.kron", t -> MatrixProducts.kron(t.get(0), t.get(1)), v, m));
    rows.add(
        new Row("MatrixProducts.cross", t -> MatrixProducts.cross(t.get(0), t.get(1), -1), m, v));
    rows.add(
        new Row(
            "MatrixProducts.cdist",
            t -> MatrixProducts.cdist(t.get(0), t.get(1), 2),
            input(91, 2, 3, 4),
            input(92, 2, 4)));
    rows.add(
        new Row(
            "MatrixProducts.multiDot",
            t -> MatrixProducts.multiDot(t),
            v,
            input(93, 3, 2),
            input(94, 2, 4),
            input(95, 4)));
    return rows;
  }
}
