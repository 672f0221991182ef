package dev.kiln.data.augment;

import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A random change of where pixels are read.
 *
 * @param size of the result
 * @param map drawn for each sample
 * @param evaluation what it is without chance; nothing where the image stays
 * @param inside whether every point that is read lies in the image
 */
record Geometry(UnaryOperator<Size> size, Map map, Optional<Map> evaluation, boolean inside)
    implements Transform {
  /** Draws a map from the result to the input. */
  @FunctionalInterface
  interface Map {
    Affine draw(SampleDraws r, Size in, Size out);
  }

  /** A change that keeps the size, in training only. */
  static Geometry same(Map map) {
    return new Geometry(UnaryOperator.identity(), map, Optional.empty(), false);
  }

  /** A change in training only that reads each pixel at another place of the same image. */
  static Geometry mirror(Map map) {
    return new Geometry(UnaryOperator.identity(), map, Optional.empty(), true);
  }

  static Geometry crop(Size size, int padding) {
    Map random =
        (r, in, out) -> {
          int rows = in.h() + 2 * padding - out.h();
          int columns = in.w() + 2 * padding - out.w();
          int top = r.below(rows + 1);
          return Affine.shift(r.below(columns + 1) - padding, top - padding);
        };
    Map middle =
        (r, in, out) ->
            Affine.shift(Math.rint((in.w() - out.w()) / 2.0), Math.rint((in.h() - out.h()) / 2.0));
    UnaryOperator<Size> check =
        in -> {
          if (size.h() > in.h() + 2 * padding || size.w() > in.w() + 2 * padding) {
            throw Augment.wrong(
                "a crop of %d x %d does not fit in an image of %d x %d padded by %d; pad more or crop"
                    + " less",
                size.h(), size.w(), in.h(), in.w(), padding);
          }
          return size;
        };
    return new Geometry(check, random, Optional.of(middle), padding == 0);
  }

  static Geometry resizedCrop(Size size, double[] scale, double[] ratio) {
    Map random =
        (r, in, out) -> {
          double area = (double) in.h() * in.w();
          for (int attempt = 0; attempt < 10; attempt++) {
            double target = area * r.uniform(scale[0], scale[1]);
            double aspect = Math.exp(r.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
            int w = (int) Math.rint(Math.sqrt(target * aspect));
            int h = (int) Math.rint(Math.sqrt(target / aspect));
            if (w > 0 && w <= in.w() && h > 0 && h <= in.h()) {
              int top = r.below(in.h() - h + 1);
              return part(r.below(in.w() - w + 1), top, w, h, out);
            }
          }
          return middle(in, out, ratio[0], ratio[1]);
        };
    Map whole =
        (r, in, out) -> {
          double aspect = (double) out.w() / out.h();
          return middle(in, out, aspect, aspect);
        };
    return new Geometry(in -> size, random, Optional.of(whole), true);
  }

  private static Affine part(double left, double top, double w, double h, Size out) {
    return Affine.shift(left, top).after(Affine.scale(w / out.w(), h / out.h()));
  }

  /** The largest part in the middle whose aspect is within bounds. */
  private static Affine middle(Size in, Size out, double low, double high) {
    double aspect = (double) in.w() / in.h();
    double w = aspect > high ? Math.rint(in.h() * high) : in.w();
    double h = aspect < low ? Math.rint(in.w() / low) : in.h();
    return part(Math.floor((in.w() - w) / 2), Math.floor((in.h() - h) / 2), w, h, out);
  }
}
