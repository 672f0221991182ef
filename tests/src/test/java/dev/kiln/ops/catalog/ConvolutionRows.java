package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.conv;
import static dev.kiln.ops.catalog.Row.maybe;
import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Convolution;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of convolution. */
final class ConvolutionRows {
  private ConvolutionRows() {}

  static List<Row> rows() {
    Input image = input(41, 2, 4, 6, 5);
    Input weight = input(42, 4, 4, 3, 2);
    Input bias = input(43, 4);
    Input grouped = input(44, 6, 2, 3, 3);
    Input sequence = input(123, 2, 4, 7);
    Input biasB = input(125, 4);
    Input volume = input(122, 2, 2, 4, 3, 5);
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "Convolution.conv2d",
            x -> Convolution.conv2d(x.get(0), x.get(1), maybe(x, 2), conv(1, 1, 1, 1)),
            image,
            weight,
            bias));
    rows.add(
        new Row(
            "Convolution.conv2d strided and dilated",
            x -> Convolution.conv2d(x.get(0), x.get(1), maybe(x, 2), conv(2, 2, 2, 1)),
            image,
            weight));
    rows.add(
        new Row(
            "Convolution.conv2d grouped",
            x -> Convolution.conv2d(x.get(0), x.get(1), maybe(x, 2), conv(1, 0, 1, 2)),
            image,
            grouped));
    rows.add(
        new Row(
            "Convolution.conv2d depthwise",
            x -> Convolution.conv2d(x.get(0), x.get(1), maybe(x, 2), conv(1, 1, 1, 4)),
            image,
            input(47, 4, 1, 3, 3),
            bias));
    rows.add(
        new Row(
            "Convolution.conv1d",
            t -> Convolution.conv1d(t.get(0), t.get(1), maybe(t, 2), 2, 1, 2, 2),
            sequence,
            input(127, 4, 2, 3),
            biasB));
    rows.add(
        new Row(
            "Convolution.conv3d",
            t ->
                Convolution.conv3d(
                    t.get(0),
                    t.get(1),
                    maybe(t, 2),
                    new int[] {2, 1, 1},
                    new int[] {1, 0, 1},
                    new int[] {2, 1, 2},
                    1),
            volume,
            input(128, 4, 2, 2, 2, 3),
            biasB));
    rows.add(
        new Row(
            "Convolution.convTranspose2d",
            t ->
                Convolution.convTranspose2d(
                    t.get(0), t.get(1), maybe(t, 2), conv(2, 1, 1, 2), 1, 1),
            input(129, 2, 4, 3, 2),
            input(130, 4, 2, 3, 3),
            biasB));
    rows.add(
        new Row(
            "Convolution.convTranspose1d",
            t -> Convolution.convTranspose1d(t.get(0), t.get(1), maybe(t, 2), 2, 1, 1, 2, 1),
            input(131, 2, 3, 4),
            input(132, 3, 4, 3),
            biasB));
    rows.add(
        new Row(
            "Convolution.convTranspose3d",
            t ->
                Convolution.convTranspose3d(
                    t.get(0),
                    t.get(1),
                    maybe(t, 2),
                    new int[] {2, 1, 2},
                    new int[] {1, 0, 1},
                    new int[] {1, 0, 0},
                    new int[] {1, 2, 1},
                    2),
            input(133, 2, 2, 2, 3, 2),
            input(134, 2, 2, 3, 1, 2),
            biasB));
    return rows;
  }
}
