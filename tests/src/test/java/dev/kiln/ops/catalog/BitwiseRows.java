package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.Tensor;
import dev.kiln.ops.Bitwise;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/** The rows of operations on bits. */
final class BitwiseRows {
  private BitwiseRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.add(pair("Bitwise.bitwiseAnd", Bitwise::bitwiseAnd));
    rows.add(pair("Bitwise.bitwiseOr", Bitwise::bitwiseOr));
    rows.add(pair("Bitwise.bitwiseXor", Bitwise::bitwiseXor));
    rows.add(pair("Bitwise.bitwiseNot", (a, b) -> Bitwise.bitwiseNot(a)));
    rows.add(pair("Bitwise.bitwiseLeftShift", Bitwise::bitwiseLeftShift));
    rows.add(pair("Bitwise.bitwiseRightShift", Bitwise::bitwiseRightShift));
    return rows;
  }

  private static Row pair(String name, BinaryOperator<Tensor> f) {
    Input a = uniform(53, 1, 90, 3, 4);
    Input b = uniform(54, 1, 7, 4);
    return Row.fixed(name, t -> f.apply(t.get(0), t.get(1)), a, b);
  }
}
