package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.labels;
import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Axes;
import dev.kiln.ops.Axes.Grid;
import dev.kiln.ops.Shaping;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of ops on whole axes. */
final class AxesRows {
  private AxesRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    Input x = input(71, 2, 3, 4);
    Input one = input(72, 1, 3, 1);
    Input v = input(73, 3);
    rows.add(new Row("Axes.chunk", t -> Axes.chunk(t.get(0), 3, 2).get(1), x));
    rows.add(new Row("Axes.unbind", t -> Axes.unbind(t.get(0), 1).get(2), x));
    rows.add(new Row("Axes.tile", t -> Axes.tile(t.get(0), 2, 1), x));
    rows.add(new Row("Axes.repeatInterleave", t -> Axes.repeatInterleave(t.get(0), 2, 1), x));
    rows.add(
        new Row(
            "Axes.repeatInterleave numbers",
            t -> Axes.repeatInterleave(t.get(0), labels(t.get(0), 1, 0, 2), 1),
            x));
    rows.add(
        new Row("Axes.movedim", t -> Axes.movedim(t.get(0), new int[] {0}, new int[] {-1}), x));
    rows.add(new Row("Axes.unflatten", t -> Axes.unflatten(t.get(0), 2, 2, -1), x));
    rows.add(new Row("Axes.squeeze", t -> Axes.squeeze(t.get(0)), one));
    rows.add(
        new Row(
            "Axes.broadcastTensors",
            t -> Axes.broadcastTensors(List.of(t.get(0), t.get(1))).get(0),
            one,
            x));
    rows.add(
        new Row(
            "Axes.meshgrid",
            t -> Shaping.stack(Axes.meshgrid(List.of(t.get(0), t.get(1)), Grid.XY), 0),
            v,
            input(74, 2)));
    rows.add(new Row("Axes.rot90", t -> Axes.rot90(t.get(0), 1, 0, 2), x));
    rows.add(new Row("Axes.atLeast", t -> Axes.atLeast(t.get(0), 3), v));
    rows.add(new Row("Axes.hstack", t -> Axes.hstack(t), x, input(75, 2, 1, 4)));
    rows.add(new Row("Axes.vstack", t -> Axes.vstack(t), v, input(76, 2, 3)));
    rows.add(new Row("Axes.dstack", t -> Axes.dstack(t), v, input(77, 1, 3, 2)));
    return rows;
  }
}
