package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.distinct;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.steps;
import static dev.kiln.oracle.Draw.uniform;

/** Pooling with positions, of volumes, by p-norms and by fractions, and the inverses of windows. */
final class WindowCases {
  private static final String MAX =
      "torch.max_pool{n}d_with_indices(x, {kernel}, {stride:[]}, {padding:0}, {dilation:1},"
          + " {ceil_mode:False})";

  private WindowCases() {}

  private static Script positions(String call) {
    return new Script(call, "values", "indices");
  }

  private static int[] of(int... sizes) {
    return sizes;
  }

  static void addTo(Suite s) {
    maxPools(s);
    averages(s);
    adaptive(s);
    powers(s);
    fractions(s);
    inverses(s);
  }

  private static void maxPools(Suite s) {
    s.op("max_pool1d_with_indices", positions(MAX.replace("{n}", "1")))
        .add("basic", Attrs.of("kernel", of(2)), "x", distinct(1, 2, 3, 8))
        .add("overlapping", Attrs.of("kernel", of(3), "stride", of(2), "padding", of(1)), "x", distinct(2, 2, 3, 9))
        .add("dilated", Attrs.of("kernel", of(3), "stride", of(1), "dilation", of(2)), "x", distinct(3, 1, 2, 9))
        .add("ceil", Attrs.of("kernel", of(2), "stride", of(3), "ceil_mode", true), "x", distinct(4, 1, 2, 8))
        .add("ties", Attrs.of("kernel", of(3), "stride", of(1)), "x", steps(5, 0, 2, 1, 2, 9))
        .add("one_sequence", Attrs.of("kernel", of(2)), "x", distinct(6, 3, 7));
    s.op("max_pool2d_with_indices", positions(MAX.replace("{n}", "2")))
        .add("basic", Attrs.of("kernel", of(2, 2)), "x", distinct(1, 2, 2, 6, 5))
        .add("overlapping", Attrs.of("kernel", of(3, 2), "stride", of(2, 1), "padding", of(1, 1)), "x", distinct(2, 1, 2, 6, 5))
        .add("dilated", Attrs.of("kernel", of(2, 3), "stride", of(1, 1), "dilation", of(3, 1), "ceil_mode", true), "x", distinct(3, 1, 2, 6, 5))
        .add("ties", Attrs.of("kernel", of(3, 3), "stride", of(2, 2), "padding", of(1, 1)), "x", steps(4, 0, 2, 1, 2, 5, 7))
        .add("one_image", Attrs.of("kernel", of(2, 2)), "x", distinct(5, 2, 4, 5));
    s.op("max_pool3d_with_indices", positions(MAX.replace("{n}", "3")))
        .add("basic", Attrs.of("kernel", of(2, 2, 2)), "x", distinct(1, 2, 2, 4, 5, 4))
        .add("overlapping", Attrs.of("kernel", of(3, 2, 2), "stride", of(1, 2, 1), "padding", of(1, 0, 1)), "x", distinct(2, 1, 2, 4, 3, 5))
        .add("dilated", Attrs.of("kernel", of(2, 2, 2), "stride", of(2, 1, 1), "dilation", of(1, 2, 1), "ceil_mode", true), "x", distinct(3, 1, 2, 5, 4, 3))
        .add("ties", Attrs.of("kernel", of(2, 3, 2), "stride", of(1, 1, 1), "padding", of(1, 1, 0)), "x", steps(4, 0, 2, 1, 1, 4, 4, 3))
        .add("one_volume", Attrs.of("kernel", of(2, 1, 2)), "x", distinct(5, 2, 4, 3, 4))
        .add("batch_of_none", Attrs.of("kernel", of(2, 2, 2)), "x", normal(6, 0, 2, 4, 4, 4));
  }

  private static void averages(Suite s) {
    s.op(
            "avg_pool3d",
            "torch.avg_pool3d(x, {kernel}, {stride:[]}, {padding:0}, {ceil_mode:False},"
                + " {count_include_pad:True}, {divisor_override:None})")
        .add("basic", Attrs.of("kernel", of(2, 2, 2)), "x", normal(1, 2, 2, 4, 5, 4))
        .add("padded", Attrs.of("kernel", of(3, 2, 2), "stride", of(1, 2, 1), "padding", of(1, 0, 1)), "x", normal(2, 1, 2, 4, 3, 5))
        .add("not_counting", Attrs.of("kernel", of(3, 2, 2), "stride", of(2, 1, 2), "padding", of(1, 1, 1), "count_include_pad", false), "x", normal(3, 1, 2, 4, 3, 5))
        .add("ceil", Attrs.of("kernel", of(2, 3, 2), "stride", of(3, 2, 2), "padding", of(1, 1, 0), "ceil_mode", true), "x", normal(4, 1, 2, 5, 4, 5))
        .add("ceil_not_counting", Attrs.of("kernel", of(2, 3, 2), "stride", of(3, 2, 2), "padding", of(1, 1, 0), "ceil_mode", true, "count_include_pad", false), "x", normal(5, 1, 2, 5, 4, 5))
        .add("divided", Attrs.of("kernel", of(2, 3, 2), "stride", of(1, 2, 2), "padding", of(1, 1, 0), "ceil_mode", true, "divisor_override", 5), "x", normal(6, 1, 2, 4, 4, 5))
        .add("one_volume", Attrs.of("kernel", of(2, 1, 2)), "x", normal(7, 2, 4, 3, 4));
  }

  private static void adaptive(Suite s) {
    s.op("adaptive_avg_pool1d", "torch.adaptive_avg_pool1d(x, {output})")
        .add("basic", Attrs.of("output", of(3)), "x", normal(1, 2, 3, 7))
        .add("larger", Attrs.of("output", of(5)), "x", normal(2, 1, 2, 3))
        .add("one_sequence", Attrs.of("output", of(2)), "x", normal(3, 2, 5));
    s.op("adaptive_avg_pool3d", "torch.adaptive_avg_pool3d(x, {output})")
        .add("basic", Attrs.of("output", of(3, 2, 4)), "x", normal(1, 2, 2, 4, 5, 6))
        .add("one", Attrs.of("output", of(1, 1, 1)), "x", normal(2, 1, 2, 3, 4, 2))
        .add("larger", Attrs.of("output", of(3, 4, 2)), "x", normal(3, 1, 2, 2, 3, 5))
        .add("one_volume", Attrs.of("output", of(2, 1, 2)), "x", normal(4, 2, 4, 3, 5));
    s.op("adaptive_max_pool1d_with_indices", positions("torch.adaptive_max_pool1d(x, {output})"))
        .add("basic", Attrs.of("output", of(3)), "x", distinct(1, 2, 3, 7))
        .add("ties", Attrs.of("output", of(4)), "x", steps(2, 0, 2, 1, 3, 7))
        .add("one_sequence", Attrs.of("output", of(2)), "x", distinct(3, 2, 5));
    s.op(
            "adaptive_max_pool2d_with_indices",
            positions("torch.adaptive_max_pool2d(x, {output})"))
        .add("basic", Attrs.of("output", of(3, 2)), "x", distinct(1, 2, 2, 5, 7))
        .add("ties", Attrs.of("output", of(2, 4)), "x", steps(2, 0, 2, 1, 2, 5, 7))
        .add("larger", Attrs.of("output", of(4, 5)), "x", distinct(3, 1, 2, 3, 2));
    s.op(
            "adaptive_max_pool3d_with_indices",
            positions("torch.adaptive_max_pool3d(x, {output})"))
        .add("basic", Attrs.of("output", of(3, 2, 4)), "x", distinct(1, 2, 2, 4, 5, 6))
        .add("ties", Attrs.of("output", of(2, 3, 2)), "x", steps(2, 0, 2, 1, 2, 3, 4, 5))
        .add("one_volume", Attrs.of("output", of(2, 1, 2)), "x", distinct(3, 2, 4, 3, 5));
  }

  /** As torch.nn.functional writes them, in operations of libtorch. */
  private static void powers(Suite s) {
    String end =
        "(torch.sign(m) * torch.relu(torch.abs(m))).mul({size}).pow(1.0 / {norm_type})";
    String[] calls = {"torch.avg_pool1d", "torch.avg_pool2d", "torch.avg_pool3d"};
    for (int n = 1; n <= 3; n++) {
      String script =
          "m = "
              + calls[n - 1]
              + "(torch.pow(x, {norm_type}), {kernel}, {stride:[]}, {none}, {ceil_mode:False});"
              + end;
      script = script.replace("{none}", n == 1 ? "[0]" : n == 2 ? "[0, 0]" : "[0, 0, 0]");
      long[] shape = n == 1 ? new long[] {2, 2, 7} : n == 2 ? new long[] {2, 2, 5, 6} : new long[] {1, 2, 4, 3, 5};
      int[] kernel = n == 1 ? of(2) : n == 2 ? of(2, 3) : of(2, 2, 3);
      int[] stride = n == 1 ? of(3) : n == 2 ? of(1, 2) : of(2, 1, 1);
      int size = n == 1 ? 2 : n == 2 ? 6 : 12;
      s.op("lp_pool" + n + "d", script.replace("{size}", String.valueOf(size)))
          .add("two", Attrs.of("norm_type", 2.0, "kernel", kernel), "x", normal(n, shape))
          .add(
              "three",
              Attrs.of("norm_type", 3.0, "kernel", kernel, "stride", stride),
              "x",
              uniform(n + 3, 0.1, 2, shape))
          .add(
              "ceil",
              Attrs.of("norm_type", 1.5, "kernel", kernel, "stride", stride, "ceil_mode", true),
              "x",
              uniform(n + 6, 0.1, 2, shape))
          .add(
              "zeros",
              Attrs.of("norm_type", 2.0, "kernel", kernel),
              "x",
              steps(n + 9, 0, 1, shape));
    }
  }

  private static void fractions(Suite s) {
    s.op(
            "fractional_max_pool2d",
            positions("torch.fractional_max_pool2d(x, {kernel}, {output}, samples)"))
        .add("basic", Attrs.of("kernel", of(2, 2), "output", of(4, 5)), "x", distinct(1, 2, 2, 7, 9), "samples", uniform(2, 0, 1, 2, 2, 2).fixed())
        .add("wide", Attrs.of("kernel", of(3, 1), "output", of(2, 4)), "x", distinct(3, 1, 3, 8, 6), "samples", uniform(4, 0, 1, 1, 3, 2).fixed())
        .add("one_window", Attrs.of("kernel", of(2, 3), "output", of(1, 1)), "x", distinct(5, 1, 2, 4, 5), "samples", uniform(6, 0, 1, 1, 2, 2).fixed())
        .add("ties", Attrs.of("kernel", of(3, 3), "output", of(3, 3)), "x", steps(7, 0, 2, 1, 2, 8, 8), "samples", uniform(8, 0, 1, 1, 2, 2).fixed());
    s.op(
            "fractional_max_pool3d",
            positions("torch.fractional_max_pool3d(x, {kernel}, {output}, samples)"))
        .add("basic", Attrs.of("kernel", of(2, 2, 2), "output", of(3, 2, 4)), "x", distinct(1, 1, 2, 5, 4, 7), "samples", uniform(2, 0, 1, 1, 2, 3).fixed())
        .add("uneven", Attrs.of("kernel", of(1, 3, 2), "output", of(2, 2, 1)), "x", distinct(3, 2, 1, 4, 6, 3), "samples", uniform(4, 0, 1, 2, 1, 3).fixed());
  }

  private static void inverses(Suite s) {
    s.op("max_unpool1d", "torch.max_unpool2d(x.unsqueeze(-1), indices.unsqueeze(-1), [9, 1]).squeeze(-1)")
        .add("basic", Attrs.of("output_size", of(9)), "x", normal(1, 1, 2, 3), "indices", Draw.longs(8, 0, 4, 2, 3, 7).as(1, 2, 3));
    s.op("max_unpool2d", "torch.max_unpool2d(x, indices, {output_size})")
        .add("basic", Attrs.of("output_size", of(3, 4)), "x", normal(1, 1, 2, 1, 3), "indices", Draw.longs(11, 0, 4, 2, 3, 7).as(1, 2, 1, 3))
        .add("one_image", Attrs.of("output_size", of(2, 4)), "x", normal(2, 1, 2, 2), "indices", Draw.longs(1, 0, 4, 7).as(1, 2, 2));
    s.op(
            "max_unpool3d",
            "torch.max_unpool3d(x, indices, {output_size}, [1, 1, 1], [0, 0, 0])")
        .add("basic", Attrs.of("output_size", of(2, 3, 2)), "x", normal(1, 1, 2, 1, 3, 1), "indices", Draw.longs(11, 0, 4, 2, 3, 7).as(1, 2, 1, 3, 1));
    s.op(
            "fold",
            "torch.col2im(x, {output_size}, {kernel}, {dilation:[1, 1]}, {padding:[0, 0]},"
                + " {stride:[1, 1]})")
        .add("basic", Attrs.of("output_size", of(4, 3), "kernel", of(2, 2)), "x", normal(1, 2, 8, 6))
        .add("strided", Attrs.of("output_size", of(5, 4), "kernel", of(3, 2), "stride", of(2, 1), "padding", of(1, 0)), "x", normal(2, 1, 12, 9))
        .add("dilated", Attrs.of("output_size", of(6, 5), "kernel", of(2, 2), "dilation", of(3, 2), "padding", of(0, 1)), "x", normal(3, 1, 4, 15));
    resized(s);
    s.op("pixel_unshuffle", "torch.pixel_unshuffle(x, {factor})")
        .add("basic", Attrs.of("factor", 2), "x", normal(1, 2, 2, 4, 6))
        .add("three", Attrs.of("factor", 3), "x", normal(2, 2, 3, 6))
        .add("one", Attrs.of("factor", 1), "x", normal(3, 2, 3, 2))
        .add("more_axes", Attrs.of("factor", 2), "x", normal(4, 2, 1, 2, 2, 4));
    s.op("channel_shuffle", "torch.channel_shuffle(x, {groups})")
        .add("basic", Attrs.of("groups", 2), "x", normal(1, 2, 6, 2, 3))
        .add("three", Attrs.of("groups", 3), "x", normal(2, 1, 6, 4))
        .add("one", Attrs.of("groups", 1), "x", normal(3, 1, 3, 2, 2, 2));
    s.op(
            "conv_transpose3d",
            "torch.conv_transpose3d(x, weight, {?bias}, {stride:[1, 1, 1]}, {padding:[0, 0, 0]},"
                + " {output_padding:[0, 0, 0]}, {groups:1}, {dilation:[1, 1, 1]})")
        .add("basic", Attrs.of(), "x", normal(1, 2, 2, 3, 2, 3), "weight", normal(2, 2, 3, 2, 2, 2), "bias", normal(3, 3))
        .add("strided", Attrs.of("stride", of(2, 1, 3), "padding", of(1, 0, 1), "output_padding", of(1, 0, 2)), "x", normal(4, 1, 2, 2, 3, 2), "weight", normal(5, 2, 2, 3, 1, 3))
        .add("grouped", Attrs.of("stride", of(1, 2, 1), "groups", 2, "dilation", of(2, 1, 2)), "x", normal(6, 1, 4, 2, 2, 2), "weight", normal(7, 4, 2, 2, 2, 2), "bias", normal(8, 4))
        .add("cropped", Attrs.of("padding", of(2, 1, 0)), "x", normal(9, 1, 1, 4, 3, 2), "weight", normal(10, 1, 2, 3, 3, 1))
        .add("one_volume", Attrs.of(), "x", normal(11, 2, 2, 3, 2), "weight", normal(12, 2, 1, 2, 1, 2));
    Script running =
        new Script(
            "m = running_mean.clone();v = running_var.clone();"
                + "y = torch.instance_norm(x, {?weight}, {?bias}, m, v, {use_input_stats:True},"
                + " {momentum:0.1}, {eps:1e-05}, False);y, m, v",
            "y",
            "running_mean_after",
            "running_var_after");
    s.op("instance_norm", running)
        .add("running", running, Attrs.of(), "x", normal(21, 2, 3, 4, 2), "running_mean", normal(22, 3).fixed(), "running_var", uniform(23, 0.5, 2, 3).fixed())
        .add("running_momentum", running, Attrs.of("momentum", 0.4), "x", normal(24, 3, 2, 5), "running_mean", normal(25, 2).fixed(), "running_var", uniform(26, 0.5, 2, 2).fixed(), "weight", normal(27, 2), "bias", normal(28, 2))
        .add("evaluating", running, Attrs.of("use_input_stats", false), "x", normal(29, 2, 3, 4), "running_mean", normal(30, 3).fixed(), "running_var", uniform(31, 0.5, 2, 3).fixed());
    s.op(
            "local_response_norm",
            "d = torch.avg_pool3d(torch.constant_pad_nd(x.mul(x).unsqueeze(1), [0, 0, 0, 0,"
                + " {size} // 2, ({size} - 1) // 2]), [{size}, 1, 1], [1, 1, 1]).squeeze(1);"
                + "x / d.mul({alpha:0.0001}).add({k:1.0}).pow({beta:0.75})")
        .add("basic", Attrs.of("size", 3, "alpha", 0.5), "x", normal(1, 2, 5, 3, 4))
        .add("even", Attrs.of("size", 4, "alpha", 0.3, "beta", 0.5, "k", 2.0), "x", normal(2, 1, 6, 2, 2))
        .add("wider", Attrs.of("size", 7, "alpha", 1.0), "x", normal(3, 1, 3, 2, 2))
        .add("defaults", Attrs.of("size", 2), "x", normal(4, 2, 4, 1, 3));
  }

  /** Factors that leave a size as it is, or double it: libtorch then pays no heed to them. */
  private static void resized(Suite s) {
    s.op("interpolate", "torch.upsample_linear1d(x, None, False, {scale_factor})")
        .add("trilinear_factor", "torch.upsample_trilinear3d(x, None, False, {scale_factor})", Attrs.of("scale_factor", new double[] {1.3, 2.0, 1.5}, "mode", "trilinear"), "x", normal(46, 1, 1, 3, 4, 3))
        .add("linear_same_size", "torch.upsample_linear1d(x, None, False, {scale_factor})", Attrs.of("scale_factor", new double[] {1.3}, "mode", "linear"), "x", normal(51, 1, 2, 3))
        .add("bilinear_same_rows", "torch.upsample_bilinear2d(x, None, False, {scale_factor})", Attrs.of("scale_factor", new double[] {1.2, 1.5}, "mode", "bilinear"), "x", normal(52, 1, 2, 4, 3))
        .add("bicubic_same_rows", "torch.upsample_bicubic2d(x, None, False, {scale_factor})", Attrs.of("scale_factor", new double[] {1.2, 1.5}, "mode", "bicubic"), "x", normal(53, 1, 2, 4, 3))
        .add("nearest_same_rows", "torch.upsample_nearest2d(x, None, {scale_factor})", Attrs.of("scale_factor", new double[] {1.3, 1.5}, "mode", "nearest"), "x", normal(54, 1, 2, 3, 3))
        .add("nearest_exact_same_rows", "torch._upsample_nearest_exact2d(x, None, {scale_factor})", Attrs.of("scale_factor", new double[] {1.3, 1.5}, "mode", "nearest-exact"), "x", normal(55, 1, 2, 3, 3))
        .add("nearest_twice", "torch.upsample_nearest2d(x, None, {scale_factor})", Attrs.of("scale_factor", new double[] {2.4, 2.4}, "mode", "nearest"), "x", normal(56, 1, 2, 2, 2));
  }
}
