package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.distinct;
import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.uniform;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Resizing and warping of images. */
final class ImageCases {
  private ImageCases() {}

  private static int[] list(int... values) {
    return values;
  }

  private static double[] factors(double... values) {
    return values;
  }

  static void addTo(Suite s) {
    interpolate(s);
    gridSample(s);
    affineGrid(s);
  }

  /** PyTorch's interpolate: which of libtorch's ops a mode and a rank mean. */
  private static Map<String, Tensor> resize(Map<String, Tensor> in, Attrs at) {
    int axes = (int) in.get("x").dim() - 2;
    String mode = (String) at.get("mode", "nearest");
    String size = sizes(in.get("x"), at, axes);
    String factors = "None";
    if (!at.has("size") && !at.flag("recompute_scale_factor", false)) {
      factors = at.get("scale_factor", 1) instanceof List ? "{scale_factor}" : repeated(axes);
      size = "None";
    }
    String corners = ", {align_corners:False}";
    String smooth = at.flag("antialias", false) ? "_aa" : "";
    String call =
        switch (mode) {
          case "nearest" -> "torch.upsample_nearest" + axes + "d(x, " + size + ", " + factors + ")";
          case "nearest-exact" ->
              "torch._upsample_nearest_exact" + axes + "d(x, " + size + ", " + factors + ")";
          case "linear", "bilinear", "trilinear", "bicubic" -> {
            String name = (smooth.isEmpty() ? "" : "_") + "upsample_" + mode + axes + "d" + smooth;
            yield "torch." + name + "(x, " + size + corners + ", " + factors + ")";
          }
          case "area" ->
              "torch.adaptive_avg_pool" + axes + "d(x, " + sizes(in.get("x"), at, axes) + ")";
          default -> throw new IllegalArgumentException(mode);
        };
    return new Script(call).run(in, at);
  }

  private static String repeated(int axes) {
    return "[" + ("{scale_factor}, ".repeat(axes)).replaceAll(", $", "]");
  }

  private static String sizes(Tensor x, Attrs at, int axes) {
    StringBuilder all = new StringBuilder("[");
    for (int i = 0; i < axes; i++) {
      Object size = at.get("size", 0);
      Object factor = at.get("scale_factor", 1.0);
      long n =
          at.has("size")
              ? ((Number) (size instanceof List<?> l ? l.get(i) : size)).longValue()
              : (long)
                  Math.floor(
                      x.size(i + 2)
                          * ((Number) (factor instanceof List<?> l ? l.get(i) : factor))
                              .doubleValue());
      all.append(i == 0 ? "" : ", ").append(n);
    }
    return all.append(']').toString();
  }

  private static void interpolate(Suite s) {
    Suite.Op op = s.op("interpolate", ImageCases::resize);
    for (String mode : List.of("nearest", "nearest-exact", "bilinear", "bicubic", "area")) {
      String name = mode.replace('-', '_');
      op.add(name + "_up", Attrs.of("mode", mode, "size", list(7, 9)), "x", normal(1, 1, 2, 4, 5))
          .add(
              name + "_down",
              Attrs.of("mode", mode, "size", list(3, 2)),
              "x",
              normal(2, 1, 2, 7, 5))
          .add(
              name + "_mixed",
              Attrs.of("mode", mode, "size", list(2, 8)),
              "x",
              normal(3, 2, 1, 5, 3))
          .add(
              name + "_same",
              Attrs.of("mode", mode, "size", list(3, 4)),
              "x",
              normal(4, 1, 2, 3, 4))
          .add(
              name + "_one", Attrs.of("mode", mode, "size", list(1, 1)), "x", normal(5, 1, 2, 3, 4))
          .add(
              name + "_from_one",
              Attrs.of("mode", mode, "size", list(3, 2)),
              "x",
              normal(6, 1, 2, 1, 1))
          .add(
              name + "_factor",
              Attrs.of("mode", mode, "scale_factor", 2.0),
              "x",
              normal(7, 1, 2, 3, 4))
          .add(
              name + "_factors",
              Attrs.of("mode", mode, "scale_factor", factors(1.7, 0.6)),
              "x",
              normal(8, 1, 2, 5, 7))
          .add(
              name + "_recomputed",
              Attrs.of(
                  "mode", mode, "scale_factor", factors(1.7, 0.6), "recompute_scale_factor", true),
              "x",
              normal(9, 1, 2, 5, 7))
          .add(name + "_square", Attrs.of("mode", mode, "size", 4), "x", normal(10, 1, 1, 3, 5))
          .add(
              name + "_float64",
              Attrs.of("mode", mode, "size", list(3, 5)),
              "x",
              normal(11, 1, 1, 2, 3).wide());
    }
    for (String mode : List.of("bilinear", "bicubic")) {
      op.add(
              mode + "_corners_up",
              Attrs.of("mode", mode, "size", list(7, 9), "align_corners", true),
              "x",
              normal(12, 1, 2, 4, 5))
          .add(
              mode + "_corners_down",
              Attrs.of("mode", mode, "size", list(3, 2), "align_corners", true),
              "x",
              normal(13, 1, 2, 7, 5))
          .add(
              mode + "_corners_one",
              Attrs.of("mode", mode, "size", list(1, 4), "align_corners", true),
              "x",
              normal(14, 1, 1, 3, 1))
          .add(
              mode + "_corners_factor",
              Attrs.of("mode", mode, "scale_factor", factors(1.7, 0.6), "align_corners", true),
              "x",
              normal(15, 1, 1, 5, 7))
          .add(
              mode + "_antialias_down",
              Attrs.of("mode", mode, "size", list(3, 4), "antialias", true),
              "x",
              normal(16, 1, 2, 7, 9))
          .add(
              mode + "_antialias_up",
              Attrs.of("mode", mode, "size", list(5, 7), "antialias", true),
              "x",
              normal(17, 1, 1, 3, 4))
          .add(
              mode + "_antialias_corners",
              Attrs.of("mode", mode, "size", list(3, 4), "antialias", true, "align_corners", true),
              "x",
              normal(18, 1, 1, 7, 9));
    }
    for (String mode : List.of("nearest", "nearest-exact", "linear", "area")) {
      String name = mode.replace('-', '_');
      op.add(name + "_1d_up", Attrs.of("mode", mode, "size", list(7)), "x", normal(20, 2, 2, 4))
          .add(name + "_1d_down", Attrs.of("mode", mode, "size", list(3)), "x", normal(21, 1, 2, 8))
          .add(
              name + "_1d_factor",
              Attrs.of("mode", mode, "scale_factor", 1.6),
              "x",
              normal(22, 1, 2, 5));
    }
    for (String mode : List.of("nearest", "nearest-exact", "trilinear", "area")) {
      String name = mode.replace('-', '_');
      op.add(
              name + "_3d_up",
              Attrs.of("mode", mode, "size", list(3, 4, 5)),
              "x",
              normal(23, 1, 1, 2, 3, 3))
          .add(
              name + "_3d_down",
              Attrs.of("mode", mode, "size", list(2, 1, 3)),
              "x",
              normal(24, 1, 1, 3, 3, 4))
          .add(
              name + "_3d_factor",
              Attrs.of("mode", mode, "scale_factor", factors(1.5, 2.0, 0.5)),
              "x",
              normal(25, 1, 1, 2, 2, 4));
    }
    op.add(
            "linear_corners",
            Attrs.of("mode", "linear", "size", list(7), "align_corners", true),
            "x",
            normal(26, 1, 2, 4))
        .add(
            "trilinear_corners",
            Attrs.of("mode", "trilinear", "size", list(3, 4, 2), "align_corners", true),
            "x",
            normal(27, 1, 1, 2, 3, 3))
        .add("default", Attrs.of("size", list(4, 6)), "x", normal(28, 1, 1, 2, 3));
  }

  private static void gridSample(Suite s) {
    List<String> modes = List.of("bilinear", "nearest", "bicubic");
    List<String> outside = List.of("zeros", "border", "reflection");
    Suite.Op op =
        s.op(
            "grid_sample",
            (in, at) ->
                new Script(
                        "torch.grid_sampler(x, grid, "
                            + modes.indexOf((String) at.get("mode", "bilinear"))
                            + ", "
                            + outside.indexOf((String) at.get("padding_mode", "zeros"))
                            + ", {align_corners:False})")
                    .run(in, at));
    long seed = 1;
    for (String mode : modes) {
      for (String o : outside) {
        for (boolean corners : new boolean[] {false, true}) {
          String name = mode + "_" + o + (corners ? "_corners" : "");
          Attrs at = Attrs.of("mode", mode, "padding_mode", o, "align_corners", corners);
          op.add(
              name,
              at,
              "x",
              normal(seed, 2, 2, 4, 5),
              "grid",
              uniform(seed + 1, -1.4, 1.4, 2, 3, 3, 2));
          if (!mode.equals("bicubic")) {
            op.add(
                name + "_3d",
                at,
                "x",
                normal(seed + 2, 1, 2, 3, 2, 4),
                "grid",
                uniform(seed + 3, -1.4, 1.4, 1, 2, 2, 2, 3));
          }
          seed += 4;
        }
      }
    }
    op.add("default", "x", normal(200, 1, 1, 3, 3), "grid", uniform(201, -1.2, 1.2, 1, 2, 2, 2))
        .add(
            "far",
            Attrs.of("padding_mode", "reflection"),
            "x",
            normal(202, 1, 1, 3, 4),
            "grid",
            uniform(203, -6, 6, 1, 3, 3, 2))
        .add(
            "far_border",
            Attrs.of("padding_mode", "border"),
            "x",
            normal(204, 1, 1, 3, 4),
            "grid",
            uniform(205, -6, 6, 1, 3, 3, 2))
        .add("far_zeros", "x", normal(206, 1, 1, 3, 4), "grid", uniform(207, -6, 6, 1, 3, 3, 2))
        .add(
            "one_pixel",
            Attrs.of("padding_mode", "border"),
            "x",
            normal(208, 1, 2, 1, 1),
            "grid",
            uniform(209, -1, 1, 1, 2, 2, 2))
        .add(
            "one_pixel_reflection_corners",
            Attrs.of("padding_mode", "reflection", "align_corners", true),
            "x",
            normal(210, 1, 1, 1, 1),
            "grid",
            uniform(211, -1, 1, 1, 2, 2, 2))
        .add(
            "middle",
            Attrs.of("align_corners", true),
            "x",
            distinct(212, 1, 1, 3, 3),
            "grid",
            floats(0, 0, -1, -1, 1, 1, 0.5, -0.5).as(1, 2, 2, 2))
        .add(
            "float64",
            "x",
            normal(213, 1, 1, 2, 3).wide(),
            "grid",
            uniform(214, -1, 1, 1, 2, 1, 2).wide());
  }

  private static void affineGrid(Suite s) {
    s.op("affine_grid", "torch.affine_grid_generator(theta, {size}, {align_corners:False})")
        .add("plain", Attrs.of("size", list(2, 3, 4, 5)), "theta", normal(1, 2, 2, 3))
        .add(
            "corners",
            Attrs.of("size", list(2, 1, 3, 4), "align_corners", true),
            "theta",
            normal(2, 2, 2, 3))
        .add("one", Attrs.of("size", list(1, 1, 1, 1)), "theta", normal(3, 1, 2, 3))
        .add(
            "one_corners",
            Attrs.of("size", list(1, 1, 1, 3), "align_corners", true),
            "theta",
            normal(4, 1, 2, 3))
        .add(
            "row",
            Attrs.of("size", list(1, 2, 1, 5), "align_corners", false),
            "theta",
            normal(5, 1, 2, 3))
        .add(
            "identity",
            Attrs.of("size", list(1, 1, 2, 2)),
            "theta",
            floats(1, 0, 0, 0, 1, 0).as(1, 2, 3))
        .add("volume", Attrs.of("size", list(2, 1, 2, 3, 2)), "theta", normal(6, 2, 3, 4))
        .add(
            "volume_corners",
            Attrs.of("size", list(1, 1, 2, 3, 2), "align_corners", true),
            "theta",
            normal(7, 1, 3, 4))
        .add("float64", Attrs.of("size", list(1, 1, 2, 3)), "theta", normal(8, 1, 2, 3).wide());
  }
}
