package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.CaseFormatException;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Pooling;
import dev.kiln.ops.Resampling;
import dev.kiln.ops.Resampling.Mode;
import dev.kiln.ops.Resampling.Outside;

/** Resizing and warping of images. */
public final class ImageOps {
  private ImageOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op("interpolate", ImageOps::interpolate);
    t.op(
        "affine_grid",
        (in, at) -> {
          int[] size = at.ints("size", 4, 0);
          return Resampling.affineGrid(
              in.get("theta"), size[2], size[3], at.flag("align_corners", false));
        });
    t.op(
        "grid_sample",
        (in, at) ->
            Resampling.gridSample(
                in.x(),
                in.get("grid"),
                mode(at, "bilinear"),
                outside(at),
                at.flag("align_corners", false)));
  }

  private static Mode mode(Attrs at, String byDefault) {
    return switch (at.text("mode", byDefault)) {
      case "nearest" -> Mode.NEAREST;
      case "nearest-exact" -> Mode.NEAREST_EXACT;
      case "bilinear", "linear" -> Mode.BILINEAR;
      case "bicubic" -> Mode.BICUBIC;
      default ->
          throw new CaseFormatException(
              "attrs.mode must be nearest, nearest-exact, bilinear, bicubic or (interpolate) area");
    };
  }

  private static Outside outside(Attrs at) {
    return switch (at.text("padding_mode", "zeros")) {
      case "zeros" -> Outside.ZEROS;
      case "border" -> Outside.BORDER;
      case "reflection" -> Outside.REFLECTION;
      default ->
          throw new CaseFormatException("attrs.padding_mode must be zeros, border or reflection");
    };
  }

  /** The size may be given, or factors, which then also are the steps. */
  private static Tensor interpolate(Inputs in, Attrs at) {
    Tensor x = in.x();
    boolean corners = at.flag("align_corners", false);
    if (at.has("size")) {
      int[] size = at.ints("size", 2, 0);
      return at.text("mode", "nearest").equals("area")
          ? Pooling.adaptiveAvgPool2d(x, size[0], size[1])
          : Resampling.interpolate(x, size[0], size[1], mode(at, "nearest"), corners);
    }
    double[] factors = at.numbers("scale_factor", 2);
    int h = (int) Math.floor(x.size(2) * factors[0]);
    int w = (int) Math.floor(x.size(3) * factors[1]);
    return at.text("mode", "nearest").equals("area")
        ? Pooling.adaptiveAvgPool2d(x, h, w)
        : Resampling.interpolate(
            x, h, w, mode(at, "nearest"), corners, 1 / factors[0], 1 / factors[1]);
  }
}
