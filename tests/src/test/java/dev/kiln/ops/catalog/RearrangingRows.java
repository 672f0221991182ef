package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.pool;
import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Rearranging;
import dev.kiln.ops.Rearranging.PadMode;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of ops that put elements elsewhere. */
final class RearrangingRows {
  private RearrangingRows() {}

  static List<Row> rows() {
    Input x = input(101, 2, 3, 4);
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("Rearranging.repeat", t -> Rearranging.repeat(t.get(0), 2, 1, 3, 2), x));
    rows.add(new Row("Rearranging.flip", t -> Rearranging.flip(t.get(0), 0, 2), x));
    rows.add(
        new Row("Rearranging.roll", t -> Rearranging.roll(t.get(0), new long[] {-1, 5}, 1, 2), x));
    rows.add(
        new Row("Rearranging.roll flattened", t -> Rearranging.roll(t.get(0), new long[] {5}), x));
    rows.add(new Row("Rearranging.tril", t -> Rearranging.tril(t.get(0), 1), x));
    rows.add(new Row("Rearranging.triu", t -> Rearranging.triu(t.get(0), -1), x));
    rows.add(
        new Row(
            "Rearranging.pixelShuffle",
            t -> Rearranging.pixelShuffle(t.get(0), 2),
            input(103, 2, 4, 3, 2)));
    rows.add(
        new Row(
            "Rearranging.pad cutting",
            t -> Rearranging.pad(t.get(0), PadMode.REFLECT, 0, -1, 2),
            x));
    rows.add(
        new Row(
            "Rearranging.maskedFill",
            t -> Rearranging.maskedFill(t.get(0), t.get(0).gt(0.5), -2),
            x));
    rows.add(
        new Row(
            "Rearranging.unfold",
            t -> Rearranging.unfold(t.get(0), pool(2, 2, 1, true)),
            input(104, 2, 3, 5, 4)));
    rows.add(
        new Row(
            "Rearranging.pixelUnshuffle",
            t -> Rearranging.pixelUnshuffle(t.get(0), 2),
            input(105, 2, 2, 4, 6)));
    rows.add(
        new Row(
            "Rearranging.channelShuffle",
            t -> Rearranging.channelShuffle(t.get(0), 3),
            input(106, 2, 6, 2, 2)));
    for (PadMode mode : PadMode.values()) {
      rows.add(
          new Row(
              "Rearranging.pad " + mode, t -> Rearranging.pad(t.get(0), mode, 2, 2, 1, 0, 2), x));
    }
    return rows;
  }
}
