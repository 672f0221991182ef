package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.maybe;
import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Attention;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** The rows of attention. */
final class AttentionRows {
  private AttentionRows() {}

  static List<Row> rows() {
    Input q = input(141, 2, 2, 3, 4);
    Input k = input(142, 2, 2, 5, 4);
    Input v = input(143, 2, 2, 5, 3);
    Input[] self = {
      input(144, 2, 3, 4), input(145, 12, 4), input(146, 12), input(147, 4, 4), input(148, 4)
    };
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "Attention.scaledDotProduct",
            t ->
                Attention.scaledDotProduct(
                    t.get(0), t.get(1), t.get(2), maybe(t, 3), false, OptionalDouble.of(0.7)),
            q,
            k,
            v,
            input(149, 3, 5)));
    rows.add(
        new Row(
            "Attention.scaledDotProduct causal",
            t ->
                Attention.scaledDotProduct(
                    t.get(0), t.get(1), t.get(2), Optional.empty(), true, OptionalDouble.empty()),
            q,
            k,
            v));
    rows.add(
        new Row(
            "Attention.groupedQuery",
            t ->
                Attention.groupedQuery(
                    t.get(0), t.get(1), t.get(2), Optional.empty(), false, OptionalDouble.empty()),
            input(150, 1, 4, 3, 2),
            input(151, 1, 2, 5, 2),
            input(152, 1, 2, 5, 3)));
    rows.add(
        new Row(
            "Attention.multiHeadSelf",
            t ->
                Attention.multiHeadSelf(
                    t.get(0),
                    t.get(1),
                    maybe(t, 2),
                    t.get(3),
                    maybe(t, 4),
                    2,
                    Optional.empty(),
                    false),
            self));
    rows.add(
        new Row(
            "Attention.weights",
            t -> Attention.weights(t.get(0), t.get(1), maybe(t, 2), false, OptionalDouble.empty()),
            q,
            k,
            input(149, 3, 5)));
    return rows;
  }
}
