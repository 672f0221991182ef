package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.positive;
import static dev.kiln.ops.catalog.Row.unary;
import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.ops.SpecialFunctions;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** The rows of logarithms to other bases, erf, gamma and their relatives. */
final class SpecialFunctionsRows {
  private SpecialFunctionsRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    Input inside = uniform(45, -0.9, 0.9, 3, 4);
    Input shares = uniform(46, 0.1, 0.9, 3, 4);
    Input a = input(47, 2, 3);
    Input row = uniform(48, 0.5, 2, 3);
    rows.add(unary("SpecialFunctions.exp2", SpecialFunctions::exp2));
    rows.add(positive("SpecialFunctions.log2", SpecialFunctions::log2));
    rows.add(positive("SpecialFunctions.log10", SpecialFunctions::log10));
    rows.add(unary("SpecialFunctions.erfc", SpecialFunctions::erfc));
    rows.add(new Row("SpecialFunctions.erfinv", t -> SpecialFunctions.erfinv(t.get(0)), inside));
    rows.add(positive("SpecialFunctions.lgamma", SpecialFunctions::lgamma));
    rows.add(positive("SpecialFunctions.digamma", SpecialFunctions::digamma));
    rows.add(
        new Row("SpecialFunctions.polygamma", t -> SpecialFunctions.polygamma(2, t.get(0)), row));
    rows.add(
        new Row(
            "SpecialFunctions.logit",
            t -> SpecialFunctions.logit(t.get(0), OptionalDouble.empty()),
            shares));
    rows.add(
        new Row(
            "SpecialFunctions.logit limited",
            t -> SpecialFunctions.logit(t.get(0), OptionalDouble.of(0.25)),
            shares));
    rows.add(
        new Row("SpecialFunctions.xlogy", t -> SpecialFunctions.xlogy(t.get(0), t.get(1)), a, row));
    rows.add(
        new Row(
            "SpecialFunctions.logaddexp",
            t -> SpecialFunctions.logaddexp(t.get(0), t.get(1)),
            a,
            row));
    return rows;
  }
}
