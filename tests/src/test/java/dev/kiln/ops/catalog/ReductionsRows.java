package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.Shape;
import dev.kiln.ops.Reductions;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of reductions. */
final class ReductionsRows {
  private ReductionsRows() {}

  static List<Row> rows() {
    int[] outer = {0, 2};
    Input x3 = input(21, 2, 3, 4);
    int[] none = {};
    int[] last = {-1};
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("Reductions.sum", x -> Reductions.sum(x.get(0), outer, false), x3));
    rows.add(new Row("Reductions.sum all", x -> Reductions.sum(x.get(0), none, true), x3));
    rows.add(new Row("Reductions.sumTo", x -> Reductions.sumTo(x.get(0), Shape.of(3, 1)), x3));
    rows.add(new Row("Reductions.mean", x -> Reductions.mean(x.get(0), outer, true), x3));
    rows.add(new Row("Reductions.amax", x -> Reductions.amax(x.get(0), last, false), x3));
    rows.add(new Row("Reductions.amin", x -> Reductions.amin(x.get(0), outer, true), x3));
    rows.add(new Row("Reductions.max", x -> Reductions.max(x.get(0), 1, false).values(), x3));
    rows.add(new Row("Reductions.min", x -> Reductions.min(x.get(0), -1, true).values(), x3));
    rows.add(new Row("Reductions.max all", x -> Reductions.max(x.get(0)), x3));
    rows.add(new Row("Reductions.min all", x -> Reductions.min(x.get(0)), x3));
    rows.add(new Row("Reductions.prod", x -> Reductions.prod(x.get(0), last, false), x3));
    rows.add(new Row("Reductions.var", x -> Reductions.var(x.get(0), outer, true, false), x3));
    rows.add(new Row("Reductions.std", x -> Reductions.std(x.get(0), last, false, true), x3));
    rows.add(
        new Row("Reductions.var corrected", x -> Reductions.var(x.get(0), outer, 2, false), x3));
    rows.add(
        new Row("Reductions.logsumexp", x -> Reductions.logsumexp(x.get(0), outer, false), x3));
    rows.add(Row.fixed("Reductions.argmax", t -> Reductions.argmax(t.get(0), 1, false), x3));
    rows.add(Row.fixed("Reductions.argmin", t -> Reductions.argmin(t.get(0), -1, true), x3));
    rows.add(Row.fixed("Reductions.any", t -> Reductions.any(t.get(0).gt(1), last, false), x3));
    rows.add(Row.fixed("Reductions.all", t -> Reductions.all(t.get(0).gt(-1), last, false), x3));
    rows.add(new Row("Reductions.sumSquares", x -> Reductions.sumSquares(x.get(0)), x3));
    return rows;
  }
}
