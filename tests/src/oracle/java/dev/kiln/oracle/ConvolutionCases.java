package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.normal;

import java.util.LinkedHashMap;
import java.util.Map;

/** Convolutions. */
final class ConvolutionCases {
  private ConvolutionCases() {}

  private static int[] list(int... values) {
    return values;
  }

  private static Map<String, Value> inputs(Value x, Value weight, boolean bias, long out) {
    Map<String, Value> named = new LinkedHashMap<>();
    named.put("x", x);
    named.put("weight", weight);
    if (bias) {
      Value b = normal(99, out);
      named.put("bias", x.dtype().equals("float64") ? b.wide() : b);
    }
    return named;
  }

  private static Map<String, Value> conv(Value x, Value weight) {
    return inputs(x, weight, true, weight.shape()[0]);
  }

  private static Map<String, Value> plain(Value x, Value weight) {
    return inputs(x, weight, false, 0);
  }

  private static Map<String, Value> turned(Value x, Value weight, int groups) {
    return inputs(x, weight, true, weight.shape()[1] * groups);
  }

  static void addTo(Suite s) {
    conv1d(s);
    conv2d(s);
    conv3d(s);
    transposed(s);
  }

  private static String script(int axes) {
    return "torch.conv"
        + axes
        + "d(x, weight, {?bias}, {stride:1}, {padding:0}, {dilation:1}, {groups:1})";
  }

  private static void conv1d(Suite s) {
    Suite.Op op = s.op("conv1d", script(1));
    op.add("plain", Attrs.of(), conv(normal(1, 2, 3, 9), normal(2, 4, 3, 3)))
        .add("no_bias", Attrs.of("stride", list(2)), plain(normal(3, 2, 3, 9), normal(4, 4, 3, 2)))
        .add(
            "padded",
            Attrs.of("padding", list(2), "stride", list(2)),
            conv(normal(5, 1, 2, 7), normal(6, 3, 2, 4)))
        .add(
            "dilated",
            Attrs.of("dilation", list(3), "padding", 1),
            conv(normal(7, 2, 2, 11), normal(8, 3, 2, 3)))
        .add("groups", Attrs.of("groups", 2), conv(normal(9, 2, 4, 6), normal(10, 6, 2, 3)))
        .add(
            "depthwise",
            Attrs.of("groups", 3, "padding", 1),
            conv(normal(11, 2, 3, 6), normal(12, 6, 1, 3)))
        .add("pointwise", Attrs.of(), conv(normal(13, 2, 3, 5), normal(14, 2, 3, 1)))
        .add("same", Attrs.of("padding", "same"), conv(normal(15, 2, 2, 7), normal(16, 3, 2, 3)))
        .add(
            "same_even",
            Attrs.of("padding", "same", "dilation", 3),
            conv(normal(17, 1, 2, 9), normal(18, 2, 2, 4)))
        .add(
            "valid",
            Attrs.of("padding", "valid", "stride", 2),
            conv(normal(19, 1, 2, 8), normal(20, 2, 2, 3)))
        .add("unbatched", Attrs.of("padding", 1), conv(normal(21, 3, 6), normal(22, 2, 3, 3)))
        .add("whole", Attrs.of(), conv(normal(23, 2, 2, 5), normal(24, 3, 2, 5)))
        .add("no_batch", Attrs.of(), conv(normal(25, 0, 2, 5), normal(26, 3, 2, 3)))
        .add("wide_padding", Attrs.of("padding", 4), conv(normal(27, 1, 1, 2), normal(28, 1, 1, 3)))
        .add(
            "float64",
            Attrs.of("padding", 1),
            conv(normal(29, 1, 2, 5).wide(), normal(30, 2, 2, 3).wide()));
  }

  private static void conv2d(Suite s) {
    Suite.Op op = s.op("conv2d", script(2));
    op.add("plain", Attrs.of(), conv(normal(1, 2, 3, 7, 6), normal(2, 4, 3, 3, 3)))
        .add("no_bias", Attrs.of(), plain(normal(3, 2, 3, 6, 5), normal(4, 4, 3, 3, 2)))
        .add(
            "padded",
            Attrs.of("padding", list(1, 1)),
            conv(normal(5, 2, 3, 5, 5), normal(6, 4, 3, 3, 3)))
        .add(
            "strided",
            Attrs.of("stride", list(2, 2), "padding", list(1, 1)),
            conv(normal(7, 2, 3, 7, 8), normal(8, 4, 3, 3, 3)))
        .add(
            "uneven",
            Attrs.of("stride", list(2, 1), "padding", list(0, 2), "dilation", list(1, 2)),
            conv(normal(9, 2, 2, 7, 6), normal(10, 3, 2, 3, 2)))
        .add(
            "dilated",
            Attrs.of("dilation", list(2, 2), "padding", 2),
            conv(normal(11, 1, 2, 7, 7), normal(12, 3, 2, 3, 3)))
        .add(
            "groups",
            Attrs.of("groups", 2, "padding", 1),
            conv(normal(13, 2, 4, 5, 4), normal(14, 6, 2, 3, 3)))
        .add(
            "groups_dilated",
            Attrs.of("groups", 3, "dilation", list(2, 1), "stride", list(1, 2)),
            conv(normal(15, 1, 6, 7, 6), normal(16, 3, 2, 3, 3)))
        .add(
            "depthwise",
            Attrs.of("groups", 3, "padding", 1),
            conv(normal(17, 2, 3, 5, 6), normal(18, 3, 1, 3, 3)))
        .add(
            "depthwise_multiplied",
            Attrs.of("groups", 2, "stride", 2),
            conv(normal(19, 1, 2, 6, 5), normal(20, 6, 1, 3, 2)))
        .add("pointwise", Attrs.of(), conv(normal(21, 2, 5, 3, 4), normal(22, 3, 5, 1, 1)))
        .add(
            "pointwise_strided",
            Attrs.of("stride", 2),
            plain(normal(23, 2, 3, 5, 4), normal(24, 4, 3, 1, 1)))
        .add(
            "same",
            Attrs.of("padding", "same"),
            conv(normal(25, 2, 2, 5, 6), normal(26, 3, 2, 3, 5)))
        .add(
            "same_even",
            Attrs.of("padding", "same"),
            conv(normal(27, 1, 2, 5, 6), normal(28, 2, 2, 2, 4)))
        .add(
            "same_dilated",
            Attrs.of("padding", "same", "dilation", list(2, 3)),
            conv(normal(29, 1, 2, 6, 7), normal(30, 2, 2, 2, 2)))
        .add(
            "valid",
            Attrs.of("padding", "valid"),
            conv(normal(31, 1, 2, 4, 4), normal(32, 2, 2, 3, 3)))
        .add("unbatched", Attrs.of("padding", 1), conv(normal(33, 3, 5, 4), normal(34, 2, 3, 3, 3)))
        .add("whole", Attrs.of(), conv(normal(35, 2, 2, 4, 3), normal(36, 3, 2, 4, 3)))
        .add("no_batch", Attrs.of(), conv(normal(37, 0, 2, 5, 5), normal(38, 3, 2, 3, 3)))
        .add(
            "wide_padding",
            Attrs.of("padding", list(3, 4)),
            conv(normal(39, 1, 1, 2, 1), normal(40, 2, 1, 3, 3)))
        .add(
            "one_pixel",
            Attrs.of("padding", 1),
            conv(normal(41, 2, 3, 1, 1), normal(42, 4, 3, 3, 3)))
        .add("tail", Attrs.of("padding", 1), conv(normal(43, 1, 5, 9, 11), normal(44, 17, 5, 3, 3)))
        .add(
            "large_kernel",
            Attrs.of("padding", 3, "stride", 2),
            conv(normal(45, 1, 3, 10, 9), normal(46, 2, 3, 7, 7)))
        .add(
            "float64",
            Attrs.of("padding", 1, "stride", 2),
            conv(normal(47, 1, 2, 5, 4).wide(), normal(48, 2, 2, 3, 3).wide()));
  }

  private static void conv3d(Suite s) {
    Suite.Op op = s.op("conv3d", script(3));
    op.add("plain", Attrs.of(), conv(normal(1, 2, 2, 4, 5, 4), normal(2, 3, 2, 2, 3, 2)))
        .add("no_bias", Attrs.of(), plain(normal(3, 1, 2, 3, 4, 4), normal(4, 2, 2, 2, 2, 2)))
        .add(
            "uneven",
            Attrs.of("stride", list(1, 2, 1), "padding", list(1, 0, 2), "dilation", list(1, 1, 2)),
            conv(normal(5, 1, 2, 3, 5, 4), normal(6, 2, 2, 2, 2, 3)))
        .add(
            "dilated_depth",
            Attrs.of("dilation", list(2, 1, 1), "padding", 1, "stride", list(2, 1, 1)),
            conv(normal(7, 1, 1, 5, 3, 3), normal(8, 2, 1, 2, 2, 2)))
        .add(
            "groups",
            Attrs.of("groups", 2, "padding", 1),
            conv(normal(9, 1, 4, 2, 3, 3), normal(10, 4, 2, 2, 2, 2)))
        .add(
            "depthwise",
            Attrs.of("groups", 2),
            conv(normal(11, 1, 2, 3, 3, 3), normal(12, 4, 1, 2, 2, 2)))
        .add("pointwise", Attrs.of(), conv(normal(13, 2, 3, 2, 2, 3), normal(14, 2, 3, 1, 1, 1)))
        .add(
            "same",
            Attrs.of("padding", "same"),
            conv(normal(15, 1, 2, 3, 4, 3), normal(16, 2, 2, 2, 3, 3)))
        .add(
            "valid",
            Attrs.of("padding", "valid"),
            conv(normal(17, 1, 1, 3, 3, 3), normal(18, 2, 1, 2, 2, 2)))
        .add(
            "unbatched",
            Attrs.of("padding", 1),
            conv(normal(19, 2, 2, 3, 3), normal(20, 2, 2, 2, 3, 3)))
        .add("no_batch", Attrs.of(), conv(normal(21, 0, 2, 3, 3, 3), normal(22, 2, 2, 2, 2, 2)))
        .add("whole", Attrs.of(), conv(normal(23, 1, 2, 2, 3, 2), normal(24, 2, 2, 2, 3, 2)))
        .add(
            "float64",
            Attrs.of(),
            conv(normal(25, 1, 1, 2, 3, 3).wide(), normal(26, 2, 1, 2, 2, 2).wide()));
  }

  private static void transposed(Suite s) {
    Suite.Op one =
        s.op(
            "conv_transpose1d",
            "torch.conv_transpose1d(x, weight, {?bias}, {stride:1}, {padding:0}, {output_padding:0},"
                + " {groups:1}, {dilation:1})");
    one.add("plain", Attrs.of(), turned(normal(1, 2, 3, 5), normal(2, 3, 4, 3), 1))
        .add("no_bias", Attrs.of("stride", list(2)), plain(normal(3, 2, 3, 5), normal(4, 3, 2, 3)))
        .add(
            "extra",
            Attrs.of("stride", list(3), "padding", list(1), "output_padding", list(2)),
            turned(normal(5, 1, 2, 4), normal(6, 2, 3, 4), 1))
        .add(
            "dilated",
            Attrs.of("dilation", 2, "stride", 2, "output_padding", 1),
            turned(normal(7, 1, 2, 4), normal(8, 2, 2, 3), 1))
        .add(
            "groups",
            Attrs.of("groups", 2, "stride", 2),
            turned(normal(9, 2, 4, 3), normal(10, 4, 3, 2), 2))
        .add("unbatched", Attrs.of("padding", 1), turned(normal(11, 3, 4), normal(12, 3, 2, 3), 1))
        .add("one", Attrs.of(), turned(normal(13, 1, 1, 1), normal(14, 1, 1, 1), 1))
        .add("no_batch", Attrs.of(), turned(normal(15, 0, 2, 3), normal(16, 2, 2, 2), 1))
        .add(
            "float64",
            Attrs.of("stride", 2),
            turned(normal(17, 1, 2, 3).wide(), normal(18, 2, 2, 2).wide(), 1));
    Suite.Op two =
        s.op(
            "conv_transpose2d",
            "torch.conv_transpose2d(x, weight, {?bias}, {stride:1}, {padding:0}, {output_padding:0},"
                + " {groups:1}, {dilation:1})");
    two.add("plain", Attrs.of(), turned(normal(1, 2, 3, 4, 3), normal(2, 3, 4, 3, 3), 1))
        .add(
            "no_bias",
            Attrs.of("stride", list(2, 2)),
            plain(normal(3, 2, 3, 3, 4), normal(4, 3, 2, 2, 2)))
        .add(
            "strided",
            Attrs.of("stride", list(2, 2), "padding", list(1, 1), "output_padding", list(1, 1)),
            turned(normal(5, 1, 3, 4, 3), normal(6, 3, 2, 3, 3), 1))
        .add(
            "uneven",
            Attrs.of(
                "stride",
                list(2, 3),
                "padding",
                list(0, 1),
                "output_padding",
                list(1, 2),
                "dilation",
                list(2, 1)),
            turned(normal(7, 1, 2, 3, 3), normal(8, 2, 3, 2, 4), 1))
        .add(
            "dilated",
            Attrs.of("dilation", list(2, 3)),
            turned(normal(9, 1, 2, 3, 2), normal(10, 2, 2, 2, 3), 1))
        .add(
            "groups",
            Attrs.of("groups", 2, "stride", 2, "padding", 1),
            turned(normal(11, 2, 4, 3, 3), normal(12, 4, 3, 3, 3), 2))
        .add(
            "depthwise",
            Attrs.of("groups", 3, "stride", 2),
            turned(normal(13, 1, 3, 3, 2), normal(14, 3, 1, 2, 2), 3))
        .add("pointwise", Attrs.of(), turned(normal(15, 2, 3, 2, 3), normal(16, 3, 2, 1, 1), 1))
        .add(
            "unbatched",
            Attrs.of("padding", 1),
            turned(normal(17, 3, 3, 4), normal(18, 3, 2, 3, 3), 1))
        .add("no_batch", Attrs.of(), turned(normal(19, 0, 2, 3, 3), normal(20, 2, 2, 2, 2), 1))
        .add(
            "tail",
            Attrs.of("padding", 1),
            turned(normal(21, 1, 9, 5, 7), normal(22, 9, 5, 3, 3), 1))
        .add(
            "float64",
            Attrs.of("stride", 2),
            turned(normal(23, 1, 2, 2, 3).wide(), normal(24, 2, 2, 2, 2).wide(), 1));
  }
}
