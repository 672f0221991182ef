package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.distinct;
import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.steps;

import java.util.Arrays;

/** Pooling, and windows as columns. */
final class PoolingCases {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private PoolingCases() {}

  private static int[] list(int... values) {
    return values;
  }

  static void addTo(Suite s) {
    max(s);
    average(s);
    adaptive(s);
    unfold(s);
  }

  private static String maxScript(int axes) {
    return "torch.max_pool"
        + axes
        + "d(x, {kernel}, {stride:[]}, {padding:0}, {dilation:1}, {ceil_mode:False})";
  }

  private static void max(Suite s) {
    Suite.Op one = s.op("max_pool1d", maxScript(1));
    one.add("plain", Attrs.of("kernel", 2), "x", distinct(1, 2, 3, 7))
        .add("strided", Attrs.of("kernel", list(3), "stride", list(1)), "x", distinct(2, 2, 2, 6))
        .add("padded", Attrs.of("kernel", 3, "stride", 2, "padding", 1), "x", distinct(3, 1, 2, 7))
        .add(
            "dilated", Attrs.of("kernel", 3, "stride", 1, "dilation", 2), "x", distinct(4, 1, 2, 8))
        .add(
            "ceil",
            Attrs.of("kernel", 3, "stride", 2, "ceil_mode", true),
            "x",
            distinct(5, 1, 2, 8))
        .add(
            "ceil_padded",
            Attrs.of("kernel", 2, "stride", 3, "padding", 1, "ceil_mode", true),
            "x",
            distinct(6, 1, 2, 6))
        .add("unbatched", Attrs.of("kernel", 2), "x", distinct(7, 3, 6))
        .add("no_batch", Attrs.of("kernel", 2), "x", normal(8, 0, 3, 6))
        .add("ties", Attrs.of("kernel", 3, "stride", 1), "x", steps(9, 0, 2, 1, 2, 9))
        .add(
            "special",
            Attrs.of("kernel", 2, "stride", 1),
            "x",
            floats(1, NAN, 2, -INF, -INF, INF, 3).as(1, 1, 7))
        .add("float64", Attrs.of("kernel", 2), "x", distinct(10, 1, 2, 4).wide());
    Suite.Op two = s.op("max_pool2d", maxScript(2));
    two.add("plain", Attrs.of("kernel", 2), "x", distinct(1, 2, 3, 6, 5))
        .add(
            "k3s2p1",
            Attrs.of("kernel", list(3, 3), "stride", list(2, 2), "padding", list(1, 1)),
            "x",
            distinct(2, 2, 2, 7, 8))
        .add("overlapping", Attrs.of("kernel", 3, "stride", 1), "x", distinct(3, 1, 2, 5, 6))
        .add(
            "uneven",
            Attrs.of("kernel", list(2, 3), "stride", list(1, 2), "padding", list(1, 0)),
            "x",
            distinct(4, 1, 2, 5, 7))
        .add(
            "dilated",
            Attrs.of("kernel", 2, "stride", 1, "dilation", list(2, 3)),
            "x",
            distinct(5, 1, 2, 6, 7))
        .add(
            "dilated_padded",
            Attrs.of("kernel", 3, "stride", 2, "padding", 1, "dilation", 2),
            "x",
            distinct(6, 1, 1, 8, 9))
        .add("ceil", Attrs.of("kernel", 2, "ceil_mode", true), "x", distinct(7, 1, 2, 5, 7))
        .add(
            "ceil_padded",
            Attrs.of("kernel", 3, "stride", 2, "padding", 1, "ceil_mode", true),
            "x",
            distinct(8, 1, 2, 6, 8))
        .add(
            "ceil_cut",
            Attrs.of("kernel", 2, "stride", 3, "padding", 1, "ceil_mode", true),
            "x",
            distinct(9, 1, 1, 6, 7))
        .add("whole", Attrs.of("kernel", list(4, 5)), "x", distinct(10, 2, 2, 4, 5))
        .add("unbatched", Attrs.of("kernel", 2), "x", distinct(11, 3, 4, 6))
        .add("no_batch", Attrs.of("kernel", 2), "x", normal(12, 0, 3, 4, 4))
        .add("ties", Attrs.of("kernel", 3, "stride", 1), "x", steps(13, 0, 2, 1, 2, 5, 5))
        .add(
            "special",
            Attrs.of("kernel", 2),
            "x",
            floats(1, NAN, -INF, -INF, 2, 3, -INF, -INF).as(1, 1, 2, 4))
        .add("float64", Attrs.of("kernel", 2), "x", distinct(14, 1, 1, 4, 4).wide());
    Suite.Op three = s.op("max_pool3d", maxScript(3));
    three
        .add("plain", Attrs.of("kernel", 2), "x", distinct(1, 1, 2, 4, 5, 4))
        .add(
            "uneven",
            Attrs.of("kernel", list(1, 2, 3), "stride", list(1, 2, 1), "padding", list(0, 1, 1)),
            "x",
            distinct(2, 1, 2, 3, 5, 4))
        .add(
            "padded",
            Attrs.of("kernel", 3, "stride", 2, "padding", 1),
            "x",
            distinct(3, 1, 1, 5, 4, 5))
        .add(
            "dilated",
            Attrs.of("kernel", 2, "stride", 1, "dilation", list(2, 1, 2)),
            "x",
            distinct(4, 1, 1, 4, 3, 4))
        .add("ceil", Attrs.of("kernel", 2, "ceil_mode", true), "x", distinct(5, 1, 1, 3, 5, 3))
        .add("unbatched", Attrs.of("kernel", 2), "x", distinct(6, 2, 2, 4, 3))
        .add("no_batch", Attrs.of("kernel", 2), "x", normal(7, 0, 2, 2, 2, 2))
        .add("ties", Attrs.of("kernel", 2, "stride", 1), "x", steps(8, 0, 2, 1, 1, 3, 3, 3))
        .add(
            "special",
            Attrs.of("kernel", 2),
            "x",
            floats(1, NAN, 2, 3, -INF, 4, 5, INF).as(1, 1, 2, 2, 2))
        .add("float64", Attrs.of("kernel", 2), "x", distinct(9, 1, 1, 2, 2, 4).wide());
  }

  private static void average(Suite s) {
    s.op(
            "avg_pool1d",
            "torch.avg_pool1d(x, {kernel}, {stride:[]}, {padding:0}, {ceil_mode:False},"
                + " {count_include_pad:True})")
        .add("plain", Attrs.of("kernel", 2), "x", normal(1, 2, 3, 7))
        .add("strided", Attrs.of("kernel", list(3), "stride", list(1)), "x", normal(2, 2, 2, 6))
        .add("padded", Attrs.of("kernel", 3, "stride", 2, "padding", 1), "x", normal(3, 1, 2, 7))
        .add(
            "without_padding",
            Attrs.of("kernel", 3, "stride", 2, "padding", 1, "count_include_pad", false),
            "x",
            normal(4, 1, 2, 7))
        .add("ceil", Attrs.of("kernel", 3, "stride", 2, "ceil_mode", true), "x", normal(5, 1, 2, 8))
        .add(
            "ceil_padded",
            Attrs.of("kernel", 3, "stride", 2, "padding", 1, "ceil_mode", true),
            "x",
            normal(6, 1, 2, 8))
        .add("unbatched", Attrs.of("kernel", 2), "x", normal(7, 3, 6))
        .add("float64", Attrs.of("kernel", 2), "x", normal(9, 1, 2, 4).wide());
    s.op(
            "avg_pool2d",
            "torch.avg_pool2d(x, {kernel}, {stride:[]}, {padding:0}, {ceil_mode:False},"
                + " {count_include_pad:True}, {divisor_override:None})")
        .add("plain", Attrs.of("kernel", 2), "x", normal(1, 2, 3, 6, 5))
        .add("overlapping", Attrs.of("kernel", 3, "stride", 1), "x", normal(2, 1, 2, 5, 6))
        .add("padded", Attrs.of("kernel", 3, "stride", 2, "padding", 1), "x", normal(3, 1, 2, 7, 6))
        .add(
            "without_padding",
            Attrs.of("kernel", 3, "stride", 2, "padding", 1, "count_include_pad", false),
            "x",
            normal(4, 1, 2, 7, 6))
        .add(
            "uneven",
            Attrs.of("kernel", list(2, 3), "stride", list(1, 2), "padding", list(1, 0)),
            "x",
            normal(5, 1, 2, 5, 7))
        .add("ceil", Attrs.of("kernel", 2, "ceil_mode", true), "x", normal(6, 1, 2, 5, 7))
        .add(
            "ceil_padded",
            Attrs.of("kernel", 3, "stride", 2, "padding", 1, "ceil_mode", true),
            "x",
            normal(7, 1, 2, 6, 8))
        .add(
            "ceil_without_padding",
            Attrs.of(
                "kernel",
                3,
                "stride",
                2,
                "padding",
                1,
                "ceil_mode",
                true,
                "count_include_pad",
                false),
            "x",
            normal(8, 1, 2, 6, 8))
        .add("divisor", Attrs.of("kernel", 2, "divisor_override", 3), "x", normal(9, 1, 2, 4, 5))
        .add(
            "divisor_padded",
            Attrs.of("kernel", 3, "padding", 1, "stride", 2, "divisor_override", 1),
            "x",
            normal(10, 1, 2, 5, 5))
        .add("whole", Attrs.of("kernel", list(4, 5)), "x", normal(11, 2, 2, 4, 5))
        .add("unbatched", Attrs.of("kernel", 2), "x", normal(12, 3, 4, 6))
        .add("no_batch", Attrs.of("kernel", 2), "x", normal(13, 0, 3, 4, 4))
        .add(
            "special",
            Attrs.of("kernel", 2),
            "x",
            floats(1, NAN, INF, 1, 2, 3, 2, -INF).as(1, 1, 2, 4))
        .add("float64", Attrs.of("kernel", 2), "x", normal(14, 1, 1, 4, 4).wide());
  }

  private static void adaptive(Suite s) {
    for (String kind : new String[] {"avg", "max"}) {
      String call =
          "torch.adaptive_" + kind + "_pool2d(x, {output})" + (kind.equals("max") ? "[0]" : "");
      s.op("adaptive_" + kind + "_pool2d", call)
          .add("even", Attrs.of("output", list(2, 3)), "x", distinct(1, 2, 2, 6, 6))
          .add("uneven", Attrs.of("output", list(3, 4)), "x", distinct(2, 1, 2, 7, 9))
          .add("one", Attrs.of("output", list(1, 1)), "x", distinct(3, 2, 3, 5, 4))
          .add("same", Attrs.of("output", list(3, 4)), "x", distinct(4, 1, 2, 3, 4))
          .add("larger", Attrs.of("output", list(5, 7)), "x", distinct(5, 1, 2, 3, 4))
          .add("mixed", Attrs.of("output", list(1, 6)), "x", distinct(6, 1, 2, 5, 4))
          .add("square", Attrs.of("output", 2), "x", distinct(7, 1, 2, 5, 3))
          .add("unbatched", Attrs.of("output", list(2, 2)), "x", distinct(8, 3, 5, 4))
          .add("no_batch", Attrs.of("output", list(2, 2)), "x", normal(9, 0, 3, 4, 4))
          .add("nothing", Attrs.of("output", list(0, 2)), "x", normal(10, 1, 2, 4, 4).fixed())
          .add("from_one", Attrs.of("output", list(2, 3)), "x", normal(11, 2, 1, 1, 1))
          .add("float64", Attrs.of("output", list(2, 2)), "x", distinct(12, 1, 1, 3, 3).wide());
    }
    s.op("adaptive_avg_pool2d", "")
        .add(
            "kept_rows",
            "torch.adaptive_avg_pool2d(x, [3, 2])",
            Attrs.of("output", Arrays.asList(null, 2)),
            "x",
            normal(14, 1, 2, 3, 4));
    s.op("adaptive_max_pool2d", "")
        .add(
            "ties",
            "torch.adaptive_max_pool2d(x, {output})[0]",
            Attrs.of("output", list(2, 2)),
            "x",
            steps(13, 0, 2, 1, 2, 5, 5))
        .add(
            "special",
            "torch.adaptive_max_pool2d(x, {output})[0]",
            Attrs.of("output", list(1, 2)),
            "x",
            floats(1, NAN, -INF, -INF, 2, 3, -INF, -INF).as(1, 1, 2, 4));
  }

  private static void unfold(Suite s) {
    s.op("unfold", "torch.im2col(x, {kernel}, {dilation:1}, {padding:0}, {stride:1})")
        .add("plain", Attrs.of("kernel", list(2, 3)), "x", normal(1, 2, 2, 4, 5))
        .add("square", Attrs.of("kernel", 2), "x", normal(2, 1, 2, 3, 4))
        .add("padded", Attrs.of("kernel", 3, "padding", 1), "x", normal(3, 1, 2, 3, 3))
        .add("strided", Attrs.of("kernel", 2, "stride", 2), "x", normal(4, 1, 2, 5, 6))
        .add("dilated", Attrs.of("kernel", 2, "dilation", 2), "x", normal(5, 1, 2, 5, 4))
        .add(
            "uneven",
            Attrs.of(
                "kernel",
                list(2, 3),
                "dilation",
                list(2, 1),
                "padding",
                list(0, 2),
                "stride",
                list(1, 2)),
            "x",
            normal(6, 1, 1, 5, 4))
        .add("unbatched", Attrs.of("kernel", 2), "x", normal(7, 2, 3, 4))
        .add("no_batch", Attrs.of("kernel", 2), "x", normal(8, 0, 2, 3, 3))
        .add("one", Attrs.of("kernel", 1), "x", normal(9, 1, 2, 2, 2))
        .add("float64", Attrs.of("kernel", 2), "x", normal(10, 1, 1, 3, 3).wide());
  }
}
