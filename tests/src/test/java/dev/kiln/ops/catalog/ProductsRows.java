package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.maybe;
import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Products;
import java.util.ArrayList;
import java.util.List;

/** The rows of matrix products. */
final class ProductsRows {
  private ProductsRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "Products.matmul", x -> x.get(0).matmul(x.get(1)), input(51, 3, 4), input(52, 4, 2)));
    rows.add(
        new Row(
            "Products.matmul transposed",
            x -> x.get(0).t().matmul(x.get(1).t()),
            input(51, 4, 3),
            input(52, 2, 4)));
    rows.add(
        new Row(
            "Products.matmul batched",
            x -> x.get(0).matmul(x.get(1)),
            input(53, 2, 1, 3, 4),
            input(54, 5, 4, 2)));
    rows.add(
        new Row(
            "Products.matmul folded",
            x -> x.get(0).matmul(x.get(1)),
            input(53, 2, 3, 4),
            input(54, 4, 2)));
    rows.add(
        new Row(
            "Products.matmul vectors", x -> x.get(0).matmul(x.get(1)), input(55, 4), input(56, 4)));
    rows.add(
        new Row(
            "Products.bmm",
            x -> Products.bmm(x.get(0), x.get(1)),
            input(57, 2, 3, 4),
            input(58, 2, 4, 2)));
    rows.add(
        new Row(
            "Products.addmm",
            x -> Products.addmm(x.get(0), x.get(1), x.get(2), 0.5, 2),
            input(59, 2),
            input(60, 3, 4),
            input(61, 4, 2)));
    rows.add(
        new Row(
            "Products.outer", x -> Products.outer(x.get(0), x.get(1)), input(62, 3), input(63, 2)));
    rows.add(
        new Row(
            "Products.linear",
            x -> Products.linear(x.get(0), x.get(1), maybe(x, 2)),
            input(64, 2, 3, 4),
            input(65, 5, 4),
            input(66, 5)));
    rows.add(
        new Row(
            "Products.linear without bias",
            x -> Products.linear(x.get(0), x.get(1), maybe(x, 2)),
            input(64, 4),
            input(65, 5, 4)));
    rows.add(
        new Row(
            "Products.bilinear",
            x -> Products.bilinear(x.get(0), x.get(1), x.get(2), maybe(x, 3)),
            input(165, 2, 3, 4),
            input(166, 2, 3, 2),
            input(167, 5, 4, 2),
            input(168, 5)));
    return rows;
  }
}
