package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.ops.Resampling;
import dev.kiln.ops.Resampling.Mode;
import dev.kiln.ops.Resampling.Outside;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of resizing and warping. */
final class ResamplingRows {
  private ResamplingRows() {}

  static List<Row> rows() {
    Input image = input(161, 2, 2, 4, 5);
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "Resampling.affineGrid",
            t -> Resampling.affineGrid(t.get(0), 3, 4, false),
            input(162, 2, 2, 3)));
    for (Mode mode : Mode.values()) {
      for (boolean corners : new boolean[] {false, true}) {
        rows.add(
            new Row(
                "Resampling.interpolate " + mode + " " + corners,
                t -> Resampling.interpolate(t.get(0), 6, 3, mode, corners),
                image));
      }
    }
    rows.add(
        new Row(
            "Resampling.interpolate sequences",
            t ->
                Resampling.interpolate(
                    t.get(0), new int[] {7}, Mode.BILINEAR, false, new double[] {0.6}),
            input(164, 2, 2, 4)));
    rows.add(
        new Row(
            "Resampling.interpolate volumes",
            t ->
                Resampling.interpolate(
                    t.get(0),
                    new int[] {5, 2, 4},
                    Mode.BILINEAR,
                    true,
                    new double[] {0.6, 1.5, 0.5}),
            input(165, 1, 2, 3, 3, 2)));
    for (Mode mode : List.of(Mode.NEAREST, Mode.BILINEAR, Mode.BICUBIC)) {
      for (Outside outside : Outside.values()) {
        rows.add(
            new Row(
                "Resampling.gridSample " + mode + " " + outside,
                t ->
                    Resampling.gridSample(
                        t.get(0), t.get(1), mode, outside, outside == Outside.BORDER),
                image,
                uniform(163, -1.4, 1.4, 2, 3, 2, 2)));
      }
    }
    for (Mode mode : List.of(Mode.BILINEAR, Mode.BICUBIC)) {
      rows.add(
          new Row(
              "Resampling.interpolateAntialiased " + mode,
              t ->
                  Resampling.interpolateAntialiased(
                      t.get(0), 2, 7, mode, mode == Mode.BICUBIC, 2, 5 / 7.0),
              image));
    }
    volumes(rows);
    return rows;
  }

  private static void volumes(List<Row> rows) {
    Input volume = input(164, 1, 2, 2, 3, 2);
    rows.add(
        new Row(
            "Resampling.affineGrid of volumes",
            t -> Resampling.affineGrid(t.get(0), 2, 3, 2, true),
            input(165, 1, 3, 4)));
    rows.add(
        new Row(
            "Resampling.interpolate of volumes",
            t ->
                Resampling.interpolate(
                    t.get(0),
                    new int[] {3, 2, 4},
                    Mode.BILINEAR,
                    false,
                    new double[] {2 / 3.0, 1.5, 0.5}),
            volume));
    for (Mode mode : List.of(Mode.NEAREST, Mode.BILINEAR)) {
      rows.add(
          new Row(
              "Resampling.gridSample of volumes " + mode,
              t -> Resampling.gridSample(t.get(0), t.get(1), mode, Outside.REFLECTION, false),
              volume,
              uniform(166, -1.4, 1.4, 1, 2, 1, 2, 3)));
    }
  }
}
