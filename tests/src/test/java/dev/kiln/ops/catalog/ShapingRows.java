package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.labels;
import static dev.kiln.testing.GradCheck.input;

import dev.kiln.DType;
import dev.kiln.Tensor;
import dev.kiln.ops.Shaping;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of views, copies, joining and padding. */
final class ShapingRows {
  private ShapingRows() {}

  static List<Row> rows() {
    Input x3 = input(31, 2, 3, 4);
    Input one = input(32, 2, 1, 4);
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("Shaping.contiguous", x -> Shaping.contiguous(x.get(0).transpose(0, 2)), x3));
    rows.add(new Row("Shaping.copy", x -> Shaping.copy(x.get(0)), x3));
    rows.add(new Row("Shaping.to", x -> Shaping.to(x.get(0), DType.FLOAT64).square(), x3));
    rows.add(
        new Row("Shaping.reshape", x -> Shaping.reshape(x.get(0).permute(2, 0, 1), 6, -1), x3));
    rows.add(new Row("Shaping.flatten", x -> Shaping.flatten(x.get(0), 1, -1), x3));
    rows.add(new Row("Shaping.permute", x -> Shaping.permute(x.get(0), 2, 0, 1), x3));
    rows.add(new Row("Shaping.transpose", x -> Shaping.transpose(x.get(0), 0, -1), x3));
    rows.add(new Row("Shaping.unsqueeze", x -> Shaping.unsqueeze(x.get(0), -1), x3));
    rows.add(new Row("Shaping.squeeze", x -> Shaping.squeeze(x.get(0), 1), one));
    rows.add(new Row("Shaping.expand", x -> Shaping.expand(x.get(0), 5, 2, 3, -1), one));
    rows.add(new Row("Shaping.narrow", x -> Shaping.narrow(x.get(0), 2, 1, 2), x3));
    rows.add(new Row("Shaping.slice", x -> Shaping.slice(x.get(0), 2, 0, -1, 2), x3));
    rows.add(new Row("Shaping.select", x -> Shaping.select(x.get(0), 1, -1), x3));
    rows.add(new Row("Shaping.cat", x -> Shaping.cat(List.of(x.get(0), x.get(1)), 1), x3, one));
    rows.add(new Row("Shaping.stack", x -> Shaping.stack(List.of(x.get(0), x.get(0)), 1), x3));
    rows.add(
        new Row(
            "Shaping.split",
            x -> {
              List<Tensor> p = Shaping.split(x.get(0), new long[] {1, 3}, 2);
              return p.get(0).mul(p.get(1));
            },
            x3));
    rows.add(new Row("Shaping.padConstant", x -> Shaping.padConstant(x.get(0), 2, 1, 2, 0, 1), x3));
    rows.add(Row.fixed("Shaping.oneHot", t -> Shaping.oneHot(labels(t.get(0), 2, 0, 1), 4), x3));
    return rows;
  }
}
