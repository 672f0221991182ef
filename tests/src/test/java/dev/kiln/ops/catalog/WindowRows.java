package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.pool;
import static dev.kiln.testing.GradCheck.constant;
import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.Tensor;
import dev.kiln.ops.Folding;
import dev.kiln.ops.FractionalPooling;
import dev.kiln.ops.Pooling3d;
import dev.kiln.ops.PowerPooling;
import dev.kiln.ops.Unpooling;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of pooling of volumes, by p-norms and by fractions, and of the inverses of windows. */
final class WindowRows {
  private WindowRows() {}

  static List<Row> rows() {
    Input image = input(141, 2, 2, 5, 6);
    Input volume = input(122, 2, 2, 4, 3, 5);
    int[] kernel = {2, 2, 3};
    int[] stride = {1, 1, 2};
    int[] padding = {1, 0, 1};
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "Pooling3d.maxPool3d",
            t -> Pooling3d.maxPool3d(t.get(0), kernel, stride, padding, new int[] {2, 1, 1}, false),
            volume));
    rows.add(
        new Row(
            "Pooling3d.maxPool3dWithIndices",
            t ->
                Pooling3d.maxPool3dWithIndices(
                        t.get(0), kernel, stride, padding, new int[] {1, 1, 1}, true)
                    .values(),
            volume));
    for (boolean countPad : new boolean[] {true, false}) {
      rows.add(
          new Row(
              "Pooling3d.avgPool3d " + countPad,
              t -> Pooling3d.avgPool3d(t.get(0), kernel, stride, padding, true, countPad),
              volume));
    }
    rows.add(
        new Row(
            "Pooling3d.avgPool3d divided",
            t -> Pooling3d.avgPool3d(t.get(0), kernel, stride, padding, true, 7),
            volume));
    rows.add(
        new Row(
            "Pooling3d.adaptiveAvgPool3d",
            t -> Pooling3d.adaptiveAvgPool3d(t.get(0), 3, 2, 2),
            volume));
    rows.add(
        new Row(
            "Pooling3d.adaptiveMaxPool3d",
            t -> Pooling3d.adaptiveMaxPool3d(t.get(0), 3, 2, 2),
            volume));
    rows.add(
        new Row(
            "Pooling3d.adaptiveMaxPool3dWithIndices",
            t -> Pooling3d.adaptiveMaxPool3dWithIndices(t.get(0), 2, 3, 1).values(),
            volume));
    rows.add(
        new Row(
            "PowerPooling.lpPool",
            t -> PowerPooling.lpPool(t.get(0), 2, new int[] {2, 3}, new int[] {1, 2}, true),
            image));
    rows.add(
        new Row(
            "PowerPooling.lpPool cubic, of volumes",
            t -> PowerPooling.lpPool(t.get(0), 3, new int[] {2, 2, 2}, new int[] {2, 1, 2}, false),
            uniform(142, 0.2, 1.5, 1, 2, 4, 3, 5)));
    rows.add(
        new Row(
            "FractionalPooling.fractionalMaxPool",
            t ->
                FractionalPooling.fractionalMaxPool(
                        t.get(0), new int[] {2, 3}, new int[] {3, 2}, t.get(1))
                    .values(),
            image,
            constant(uniform(143, 0, 1, 2, 2, 2))));
    rows.add(
        new Row(
            "FractionalPooling.fractionalMaxPool of volumes",
            t ->
                FractionalPooling.fractionalMaxPool(
                        t.get(0), new int[] {2, 2, 2}, new int[] {2, 1, 3}, t.get(1))
                    .values(),
            volume,
            constant(uniform(144, 0, 1, 2, 2, 3))));
    rows.add(
        new Row(
            "Unpooling.maxUnpool",
            t ->
                Unpooling.maxUnpool(
                    t.get(0),
                    Tensor.of(new long[] {5, 0, 7, 2, 1, 6}, t.get(0).device()).reshape(1, 2, 3),
                    8),
            input(145, 1, 2, 3)));
    rows.add(
        new Row(
            "Folding.fold",
            t -> Folding.fold(t.get(0), 5, 4, pool(2, 2, 1, true)),
            input(146, 2, 12, 9)));
    return rows;
  }
}
