package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.CaseFormatException;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Pooling;
import dev.kiln.ops.Pooling3d;
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
          int[] size = at.ints("size");
          boolean corners = at.flag("align_corners", false);
          return size.length == 5
              ? Resampling.affineGrid(in.get("theta"), size[2], size[3], size[4], corners)
              : Resampling.affineGrid(in.get("theta"), size[2], size[3], corners);
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
      case "bilinear", "linear", "trilinear" -> Mode.BILINEAR;
      case "bicubic" -> Mode.BICUBIC;
      default ->
          throw new CaseFormatException(
              "attrs.mode must be nearest, nearest-exact, linear, bilinear, trilinear, bicubic or"
                  + " (interpolate) area");
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

  /** The size may be given, or factors, which then also are the steps unless recomputed. */
  private static Tensor interpolate(Inputs in, Attrs at) {
    Tensor x = in.x();
    int axes = x.dim() - 2;
    int[] size = new int[axes];
    double[] steps = new double[axes];
    double[] factors = at.has("size") ? new double[axes] : at.numbers("scale_factor", axes);
    int[] given = at.ints("size", axes, 0);
    boolean recompute = at.has("size") || at.flag("recompute_scale_factor", false);
    for (int i = 0; i < axes; i++) {
      long n = x.size(i + 2);
      size[i] = at.has("size") ? given[i] : (int) Math.floor(n * factors[i]);
      steps[i] = recompute ? (double) n / size[i] : 1 / factors[i];
    }
    if (at.text("mode", "nearest").equals("area")) {
      return area(x, size);
    }
    boolean corners = at.flag("align_corners", false);
    Mode mode = mode(at, "nearest");
    return at.flag("antialias", false)
        ? Resampling.interpolateAntialiased(x, size[0], size[1], mode, corners, steps[0], steps[1])
        : Resampling.interpolate(x, size, mode, corners, steps);
  }

  /** Means of parts. */
  private static Tensor area(Tensor x, int[] size) {
    return switch (size.length) {
      case 1 -> Pooling.adaptiveAvgPool1d(x, size[0]);
      case 2 -> Pooling.adaptiveAvgPool2d(x, size[0], size[1]);
      default -> Pooling3d.adaptiveAvgPool3d(x, size[0], size[1], size[2]);
    };
  }
}
