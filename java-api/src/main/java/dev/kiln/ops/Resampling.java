package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/** Resizing and warping of images. */
public final class Resampling {
  /** The slope parameter of cubic interpolation; Keys 1981 has -0.5, PyTorch -0.75. */
  private static final double CUBIC = -0.75;

  private Resampling() {}

  /** How pixels between pixels are made. */
  public enum Mode {
    /** The pixel whose area the point is in, counted from each pixel's start. */
    NEAREST,
    /** The nearest pixel, counted from each pixel's middle. */
    NEAREST_EXACT,
    /** From the 2 neighbours along each axis. */
    BILINEAR,
    /** From the 4 neighbours along each axis. */
    BICUBIC
  }

  /**
   * Resizes images.
   *
   * @param x [n, c, h, w]
   * @param outputH rows of the result
   * @param outputW columns of the result
   * @param mode how pixels between pixels are made
   * @param alignCorners whether the outermost pixels' middles stay in place, for the last two
   *     modes; else their outer edges do
   * @return [n, c, outputH, outputW]
   */
  public static Tensor interpolate(
      Tensor x, int outputH, int outputW, Mode mode, boolean alignCorners) {
    ShapeRules.rank("interpolate", "input", x, 4, "NCHW");
    return interpolate(
        x,
        outputH,
        outputW,
        mode,
        alignCorners,
        (double) x.size(2) / outputH,
        (double) x.size(3) / outputW);
  }

  /**
   * Resizes images by given steps.
   *
   * @param x [n, c, h, w]
   * @param outputH rows of the result
   * @param outputW columns of the result
   * @param mode how pixels between pixels are made
   * @param alignCorners as above; it ignores the steps
   * @param stepH how many rows of x one row of the result is
   * @param stepW how many columns of x one column of the result is
   * @return [n, c, outputH, outputW]
   */
  public static Tensor interpolate(
      Tensor x,
      int outputH,
      int outputW,
      Mode mode,
      boolean alignCorners,
      double stepH,
      double stepW) {
    ShapeRules.rank("interpolate", "input", x, 4, "NCHW");
    return interpolate(
        x, new int[] {outputH, outputW}, mode, alignCorners, new double[] {stepH, stepW});
  }

  /**
   * Resizes sequences, images or volumes by given steps.
   *
   * @param x [n, c, ...] with 1 to 3 axes to resize
   * @param output the result's size along each of them
   * @param mode how elements between elements are made; BILINEAR takes the 2 neighbours along each
   *     axis, however many there are
   * @param alignCorners as above; it ignores the steps
   * @param steps how many elements of x one of the result is, along each axis
   * @return [n, c, output...]
   */
  public static Tensor interpolate(
      Tensor x, int[] output, Mode mode, boolean alignCorners, double[] steps) {
    Check.floating("interpolate", "input", x);
    boolean fits = output.length > 0 && output.length <= 3 && x.dim() == output.length + 2;
    for (int i = 0; fits && i < output.length; i++) {
      fits = output[i] > 0 && x.size(i + 2) > 0;
    }
    ShapeRules.require(
        fits && steps.length == output.length,
        () ->
            "[interpolate] input "
                + x.describe()
                + " and output "
                + Arrays.toString(output)
                + " must have 1 to 3 axes after [n, channels], equally many and none empty");
    Tensor y = x;
    for (int i = 0; i < output.length; i++) {
      IntToDoubleFunction at = source(mode, alignCorners, x.size(i + 2), output[i], steps[i]);
      y = along(y, i + 2, output[i], mode, at);
    }
    return y;
  }

  /** Where in the input each index of the output lies. */
  private static IntToDoubleFunction source(
      Mode mode, boolean alignCorners, long in, int out, double step) {
    return switch (mode) {
      case NEAREST -> {
        // PyTorch leaves the step out of account where the size stays or doubles.
        if (out == in) {
          yield i -> i;
        }
        if (out == 2 * in) {
          yield i -> i >> 1;
        }
        // In single precision, as PyTorch has it: where the product is nearly whole the pixel hangs
        // on the rounding.
        yield i -> Math.floor(i * (float) step);
      }
      case NEAREST_EXACT -> i -> Math.floor((float) ((i + 0.5) * (float) step));
      default -> {
        if (alignCorners) {
          yield out > 1 ? i -> (double) i * (in - 1) / (out - 1) : i -> 0;
        }
        boolean linear = mode == Mode.BILINEAR;
        if (linear && out == in) {
          yield i -> i;
        }
        yield i -> {
          double at = (i + 0.5) * step - 0.5;
          return linear ? Math.max(0, at) : at;
        };
      }
    };
  }

  private static Tensor along(Tensor x, int axis, int out, Mode mode, IntToDoubleFunction source) {
    int taps = mode == Mode.BILINEAR ? 2 : mode == Mode.BICUBIC ? 4 : 1;
    int first = taps == 4 ? -1 : 0;
    long last = x.size(axis) - 1;
    Tensor y = null;
    for (int k = 0; k < taps; k++) {
      long[] index = new long[out];
      double[] weight = new double[out];
      for (int i = 0; i < out; i++) {
        double at = source.applyAsDouble(i);
        double floor = Math.floor(at);
        index[i] = Math.max(0, Math.min(last, (long) floor + first + k));
        double t = at - floor;
        weight[i] =
            taps == 1 ? 1 : taps == 2 ? (k == 0 ? 1 - t : t) : cubic(Math.abs(first + k - t));
      }
      Tensor part = x.indexSelect(axis, Tensor.of(index, x.device()));
      if (taps > 1) {
        long[] shape = new long[x.dim() - axis];
        Arrays.fill(shape, 1);
        shape[0] = out;
        part = part.mul(Tensor.of(weight, Shape.of(shape), x.device()).to(x.dtype()));
      }
      y = y == null ? part : y.add(part);
    }
    return y;
  }

  /** The weight of a pixel at a distance of 0 .. 2. */
  private static double cubic(double d) {
    return cubic(d, CUBIC);
  }

  private static double cubic(double d, double slope) {
    return d <= 1
        ? ((slope + 2) * d - (slope + 3)) * d * d + 1
        : ((slope * d - 5 * slope) * d + 8 * slope) * d - 4 * slope;
  }

  /**
   * Resizes images; where they shrink, the filter widens with the step so that no detail aliases.
   * The cubic filter is Keys's (slope -0.5), as in PyTorch.
   *
   * @param x [n, c, h, w]
   * @param outputH rows of the result
   * @param outputW columns of the result
   * @param mode BILINEAR or BICUBIC
   * @param alignCorners whether a step is (size - 1) / (output - 1)
   * @param stepH how many rows of x one row of the result is
   * @param stepW how many columns of x one column of the result is
   * @return [n, c, outputH, outputW]
   */
  public static Tensor interpolateAntialiased(
      Tensor x,
      int outputH,
      int outputW,
      Mode mode,
      boolean alignCorners,
      double stepH,
      double stepW) {
    String op = "interpolate";
    ShapeRules.rank(op, "input", x, 4, "NCHW");
    Check.floating(op, "input", x);
    ShapeRules.require(
        mode == Mode.BILINEAR || mode == Mode.BICUBIC,
        () -> "[" + op + "] mode " + mode + " has no antialiased form; use BILINEAR or BICUBIC");
    ShapeRules.require(
        outputH > 0 && outputW > 0 && x.size(2) > 0 && x.size(3) > 0,
        () ->
            "["
                + op
                + "] input "
                + x.describe()
                + " and output ("
                + outputH
                + ", "
                + outputW
                + ") must have rows and columns");
    Tensor columns = filter(x, x.size(3), outputW, mode, alignCorners, stepW);
    Tensor rows = filter(x, x.size(2), outputH, mode, alignCorners, stepH);
    return rows.matmul(x.matmul(columns.transpose(0, 1)));
  }

  /** How much of each input element is in each output element, [output, size]. */
  private static Tensor filter(
      Tensor x, long size, int output, Mode mode, boolean alignCorners, double givenStep) {
    double step = !alignCorners ? givenStep : output > 1 ? (double) (size - 1) / (output - 1) : 0;
    double widening = Math.max(step, 1);
    double reach = (mode == Mode.BILINEAR ? 1 : 2) * widening;
    int n = Math.toIntExact(size);
    double[] weights = new double[Math.multiplyExact(output, n)];
    for (int i = 0; i < output; i++) {
      double centre = step * (i + 0.5);
      int first = Math.max(0, (int) (centre - reach + 0.5));
      int last = Math.min(n, (int) (centre + reach + 0.5));
      double sum = 0;
      for (int j = first; j < last; j++) {
        double d = Math.abs((j - centre + 0.5) / widening);
        double w = mode == Mode.BILINEAR ? Math.max(0, 1 - d) : d < 2 ? cubic(d, -0.5) : 0;
        weights[i * n + j] = w;
        sum += w;
      }
      for (int j = first; j < last; j++) {
        weights[i * n + j] /= sum;
      }
    }
    return Tensor.of(weights, Shape.of(output, n), x.device()).to(x.dtype());
  }

  /**
   * Makes the sampling grid of an affine map. Jaderberg et al. 2015.
   *
   * @param theta [n, 2, 3]
   * @param h rows of the grid
   * @param w columns of the grid
   * @param alignCorners whether -1 and 1 are the outermost pixels' middles; else their outer edges
   * @return [n, h, w, 2]: x and y in -1 .. 1
   */
  public static Tensor affineGrid(Tensor theta, int h, int w, boolean alignCorners) {
    Check.floating("affine_grid", "theta", theta);
    ShapeRules.require(
        theta.dim() == 3 && theta.size(1) == 2 && theta.size(2) == 3 && h > 0 && w > 0,
        () -> "[affine_grid] theta " + theta.describe() + " must be [n,2,3], and the size above 0");
    int count = Math.multiplyExact(h, w);
    double[] base = new double[Math.multiplyExact(count, 3)];
    for (int i = 0; i < count; i++) {
      base[3 * i] = coordinate(i % w, w, alignCorners);
      base[3 * i + 1] = coordinate(i / w, h, alignCorners);
      base[3 * i + 2] = 1;
    }
    Tensor points = Tensor.of(base, Shape.of(count, 3), theta.device()).to(theta.dtype());
    Tensor grid = points.unsqueeze(0).matmul(theta.transpose(1, 2));
    return grid.reshape(theta.size(0), h, w, 2);
  }

  /**
   * Makes the sampling grid of an affine map of volumes.
   *
   * @param theta [n, 3, 4]
   * @param d layers of the grid
   * @param h rows of the grid
   * @param w columns of the grid
   * @param alignCorners whether -1 and 1 are the outermost elements' middles; else their outer
   *     edges
   * @return [n, d, h, w, 3]: x, y and z in -1 .. 1
   */
  public static Tensor affineGrid(Tensor theta, int d, int h, int w, boolean alignCorners) {
    Check.floating("affine_grid", "theta", theta);
    ShapeRules.require(
        theta.dim() == 3 && theta.size(1) == 3 && theta.size(2) == 4 && d > 0 && h > 0 && w > 0,
        () -> "[affine_grid] theta " + theta.describe() + " must be [n,3,4], and the size above 0");
    int count = Math.multiplyExact(d, Math.multiplyExact(h, w));
    double[] base = new double[Math.multiplyExact(count, 4)];
    for (int i = 0; i < count; i++) {
      base[4 * i] = coordinate(i % w, w, alignCorners);
      base[4 * i + 1] = coordinate(i / w % h, h, alignCorners);
      base[4 * i + 2] = coordinate(i / w / h, d, alignCorners);
      base[4 * i + 3] = 1;
    }
    Tensor points = Tensor.of(base, Shape.of(count, 4), theta.device()).to(theta.dtype());
    Tensor grid = points.unsqueeze(0).matmul(theta.transpose(1, 2));
    return grid.reshape(theta.size(0), d, h, w, 3);
  }

  private static double coordinate(int i, int n, boolean alignCorners) {
    if (alignCorners) {
      return n > 1 ? 2.0 * i / (n - 1) - 1 : 0;
    }
    return (2.0 * i + 1) / n - 1;
  }

  /** What lies outside an image. */
  public enum Outside {
    /** Zeros. */
    ZEROS,
    /** The nearest pixel of the edge. */
    BORDER,
    /** The image mirrored. */
    REFLECTION
  }

  /**
   * Samples images or volumes at the points of a grid. Jaderberg et al. 2015.
   *
   * @param x [n, c, h, w], or [n, c, d, h, w]
   * @param grid [n, oh, ow, 2]: x and y, -1 .. 1 inside the image; for volumes [n, od, oh, ow, 3]
   * @param mode NEAREST (ties to even), BILINEAR or, for images, BICUBIC
   * @param outside what lies outside the image
   * @param alignCorners whether -1 and 1 are the outermost pixels' middles; else their outer edges
   * @return [n, c, oh, ow], or [n, c, od, oh, ow]
   */
  public static Tensor gridSample(
      Tensor x, Tensor grid, Mode mode, Outside outside, boolean alignCorners) {
    String op = "grid_sample";
    Check.floating(op, "input", x);
    Check.sameType(op, "input", x, "grid", grid);
    Check.backend(op, x, grid);
    if (x.dim() == 5) {
      return VolumeSampler.sample(x, grid, mode, outside, alignCorners);
    }
    ShapeRules.rank(op, "input", x, 4, "NCHW");
    ShapeRules.require(
        grid.dim() == 4
            && grid.size(3) == 2
            && grid.size(0) == x.size(0)
            && x.size(2) > 0
            && x.size(3) > 0,
        () ->
            "["
                + op
                + "] grid "
                + grid.describe()
                + " must be ["
                + x.size(0)
                + ",oh,ow,2] for input "
                + x.describe()
                + ", which must have rows and columns");
    Sampler sampler = new Sampler(x, grid.size(1) * grid.size(2), outside, alignCorners);
    long n = x.size(0);
    long points = grid.size(1) * grid.size(2);
    Tensor px = sampler.pixel(grid.select(3, 0).reshape(n, points), x.size(3));
    Tensor py = sampler.pixel(grid.select(3, 1).reshape(n, points), x.size(2));
    Tensor y =
        switch (mode) {
          case BILINEAR -> sampler.bilinear(px, py);
          case BICUBIC -> sampler.bicubic(px, py);
          default ->
              sampler.at(
                  Elementwise.round(sampler.inside(px, x.size(3))),
                  Elementwise.round(sampler.inside(py, x.size(2))));
        };
    return y.reshape(n, x.size(1), grid.size(1), grid.size(2));
  }

  /** Reads pixels of x at [n, points] of coordinates, as [n, c, points]. */
  record Sampler(Tensor x, long points, Outside outside, boolean alignCorners) {
    Tensor pixel(Tensor g, long size) {
      return alignCorners
          ? Elementwise.affine(g, (size - 1) / 2.0, (size - 1) / 2.0)
          : Elementwise.affine(g, size / 2.0, (size - 1) / 2.0);
    }

    /** Brings coordinates inside, as the rule for outside says; the gradient follows. */
    Tensor inside(Tensor p, long size) {
      return switch (outside) {
        case ZEROS -> p;
        case BORDER -> Elementwise.hardtanh(p, 0, size - 1);
        case REFLECTION -> Elementwise.hardtanh(reflected(p, size), 0, size - 1);
      };
    }

    private Tensor reflected(Tensor p, long size) {
      double low = alignCorners ? 0 : -0.5;
      double span = alignCorners ? size - 1 : size;
      if (span == 0) {
        return p.mul(0);
      }
      Tensor shifted = p.add(-low);
      Tensor d = shifted.where(shifted.detach().ge(Elementwise.constant(p, 0)), shifted.neg());
      Tensor flips = Elementwise.floor(d.detach().div(span));
      Tensor extra = d.sub(flips.mul(span));
      Tensor half = flips.mul(0.5);
      Tensor even = half.eq(Elementwise.floor(half));
      return extra.where(even, Elementwise.affine(extra, -1, span)).add(low);
    }

    Tensor bilinear(Tensor px, Tensor py) {
      Tensor ix = inside(px, x.size(3));
      Tensor iy = inside(py, x.size(2));
      Tensor x0 = Elementwise.floor(ix.detach());
      Tensor y0 = Elementwise.floor(iy.detach());
      Tensor tx = ix.sub(x0);
      Tensor ty = iy.sub(y0);
      Tensor sx = Elementwise.affine(tx, -1, 1);
      Tensor sy = Elementwise.affine(ty, -1, 1);
      Tensor x1 = x0.add(1);
      Tensor y1 = y0.add(1);
      return at(x0, y0)
          .mul(sx.mul(sy).unsqueeze(1))
          .add(at(x1, y0).mul(tx.mul(sy).unsqueeze(1)))
          .add(at(x0, y1).mul(sx.mul(ty).unsqueeze(1)))
          .add(at(x1, y1).mul(tx.mul(ty).unsqueeze(1)));
    }

    Tensor bicubic(Tensor px, Tensor py) {
      Tensor x0 = Elementwise.floor(px.detach());
      Tensor y0 = Elementwise.floor(py.detach());
      Tensor[] wx = weights(px.sub(x0));
      Tensor[] wy = weights(py.sub(y0));
      Tensor y = null;
      for (int j = 0; j < 4; j++) {
        Tensor row = inside(y0.add(j - 1), x.size(2)).detach();
        for (int i = 0; i < 4; i++) {
          Tensor column = inside(x0.add(i - 1), x.size(3)).detach();
          Tensor part = at(column, row).mul(wx[i].mul(wy[j]).unsqueeze(1));
          y = y == null ? part : y.add(part);
        }
      }
      return y;
    }

    /** The weights of the 4 neighbours of a point t beyond the second. */
    private static Tensor[] weights(Tensor t) {
      Tensor s = Elementwise.affine(t, -1, 1);
      return new Tensor[] {far(t.add(1)), near(t), near(s), far(s.add(1))};
    }

    private static Tensor near(Tensor d) {
      return Elementwise.affine(d, CUBIC + 2, -(CUBIC + 3)).mul(d).mul(d).add(1);
    }

    private static Tensor far(Tensor d) {
      return Elementwise.affine(d, CUBIC, -5 * CUBIC).mul(d).add(8 * CUBIC).mul(d).add(-4 * CUBIC);
    }

    /** The pixels at whole coordinates; 0 outside. */
    Tensor at(Tensor ix, Tensor iy) {
      long h = x.size(2);
      long w = x.size(3);
      Tensor fx = ix.detach();
      Tensor fy = iy.detach();
      Tensor cx = fx.clamp(0, w - 1);
      Tensor cy = fy.clamp(0, h - 1);
      Tensor in = Elementwise.logicalAnd(fx.eq(cx), fy.eq(cy)).unsqueeze(1);
      Tensor index = cy.to(DType.INT64).mul(w).add(cx.to(DType.INT64)).unsqueeze(1);
      Tensor planes = x.reshape(x.size(0), x.size(1), h * w);
      Tensor picked = planes.gather(2, index.expand(x.size(0), x.size(1), points));
      return picked.where(in, Elementwise.constant(picked, 0));
    }
  }
}
