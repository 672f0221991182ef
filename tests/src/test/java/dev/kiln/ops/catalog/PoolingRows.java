package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.pool;
import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Pooling;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of pooling. */
final class PoolingRows {
  private PoolingRows() {}

  static List<Row> rows() {
    Input image = input(41, 2, 4, 6, 5);
    Input imageB = input(121, 2, 4, 5, 6);
    Input sequence = input(123, 2, 4, 7);
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "Pooling.maxPool2d",
            x -> Pooling.maxPool2d(x.get(0), pool(2, 2, 0, true), false),
            image));
    rows.add(
        new Row(
            "Pooling.maxPool2d overlapping",
            x -> Pooling.maxPool2d(x.get(0), pool(3, 2, 1, true), true),
            image));
    rows.add(
        new Row(
            "Pooling.avgPool2d",
            x -> Pooling.avgPool2d(x.get(0), pool(2, 2, 0, true), false),
            image));
    rows.add(
        new Row(
            "Pooling.avgPool2d padded",
            x -> Pooling.avgPool2d(x.get(0), pool(3, 2, 1, false), true),
            image));
    rows.add(
        new Row(
            "Pooling.adaptiveAvgPool2d", x -> Pooling.adaptiveAvgPool2d(x.get(0), 4, 2), image));
    rows.add(
        new Row(
            "Pooling.adaptiveMaxPool2d", t -> Pooling.adaptiveMaxPool2d(t.get(0), 3, 4), imageB));
    rows.add(
        new Row("Pooling.maxPool1d", t -> Pooling.maxPool1d(t.get(0), 3, 2, 1, 1, true), sequence));
    rows.add(
        new Row(
            "Pooling.avgPool1d", t -> Pooling.avgPool1d(t.get(0), 3, 2, 1, true, false), sequence));
    rows.add(
        new Row(
            "Pooling.maxPool1dWithIndices",
            t -> Pooling.maxPool1dWithIndices(t.get(0), 3, 2, 1, 1, true).values(),
            sequence));
    rows.add(
        new Row(
            "Pooling.maxPool2dWithIndices",
            t -> Pooling.maxPool2dWithIndices(t.get(0), pool(2, 1, 1, true), false).values(),
            image));
    rows.add(
        new Row(
            "Pooling.avgPool2d divided",
            t -> Pooling.avgPool2d(t.get(0), pool(3, 2, 1, true), true, -5),
            image));
    rows.add(
        new Row(
            "Pooling.adaptiveAvgPool1d", t -> Pooling.adaptiveAvgPool1d(t.get(0), 3), sequence));
    rows.add(
        new Row(
            "Pooling.adaptiveMaxPool1d", t -> Pooling.adaptiveMaxPool1d(t.get(0), 3), sequence));
    rows.add(
        new Row(
            "Pooling.adaptiveMaxPool1dWithIndices",
            t -> Pooling.adaptiveMaxPool1dWithIndices(t.get(0), 4).values(),
            sequence));
    rows.add(
        new Row(
            "Pooling.adaptiveMaxPool2dWithIndices",
            t -> Pooling.adaptiveMaxPool2dWithIndices(t.get(0), 4, 3).values(),
            imageB));
    return rows;
  }
}
