package dev.kiln.ops;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;

/** The inverse of cutting images into windows. */
public final class Folding {
  private Folding() {}

  /**
   * Adds up overlapping windows, each a column, where they came from (col2im); the transpose of
   * {@link Rearranging#unfold}.
   *
   * @param x [n, c * kernelH * kernelW, windows], or one example without n
   * @param outputH rows of the images
   * @param outputW columns of the images
   * @param spec the window
   * @return [n, c, outputH, outputW]
   * @throws dev.kiln.ShapeException if the columns or the windows do not fit the image
   */
  public static Tensor fold(Tensor x, int outputH, int outputW, Pool2dSpec spec) {
    if (x.dim() == 2) {
      return fold(x.unsqueeze(0), outputH, outputW, spec).squeeze(0);
    }
    Check.floating("fold", "input", x);
    ShapeRules.rank("fold", "input", x, 3, "[n, c * kernel_h * kernel_w, windows]");
    int kernel = spec.kernelH() * spec.kernelW();
    ShapeRules.require(
        kernel > 0 && x.size(1) % kernel == 0 && outputH > 0 && outputW > 0,
        () ->
            "[fold] input "
                + x.describe()
                + " must have columns of channels * "
                + spec.kernelH()
                + " * "
                + spec.kernelW()
                + ", and output ("
                + outputH
                + ", "
                + outputW
                + ") must have rows and columns");
    long c = x.size(1) / kernel;
    Tensor blank =
        Tensor.zeros(
            Shape.of(x.size(0), c, outputH + 2L * spec.paddingH(), outputW + 2L * spec.paddingW()),
            x.dtype(),
            x.device());
    Tensor inside = inside(blank, outputH, outputW, spec);
    Shape windows = ShapeRules.windows("fold", inside, spec, false);
    int oh = Math.toIntExact(windows.dim(2));
    int ow = Math.toIntExact(windows.dim(3));
    ShapeRules.require(
        x.size(2) == (long) oh * ow,
        () ->
            "[fold] input "
                + x.describe()
                + " has "
                + x.size(2)
                + " windows but the image has "
                + oh
                + " x "
                + ow);
    long width = blank.size(3);
    long[] place = new long[Math.multiplyExact(kernel, Math.multiplyExact(oh, ow))];
    for (int i = 0; i < place.length; i++) {
      int tap = i / (oh * ow);
      int window = i % (oh * ow);
      long row =
          (long) window / ow * spec.strideH() + (long) tap / spec.kernelW() * spec.dilationH();
      long column =
          (long) (window % ow) * spec.strideW() + (long) (tap % spec.kernelW()) * spec.dilationW();
      place[i] = row * width + column;
    }
    Tensor flat =
        Indexing.indexAdd(
            blank.reshape(x.size(0), c, blank.size(2) * width),
            2,
            Tensor.of(place, x.device()),
            x.reshape(x.size(0), c, place.length));
    return inside(flat.reshape(blank.shape().dims()), outputH, outputW, spec);
  }

  private static Tensor inside(Tensor padded, int h, int w, Pool2dSpec spec) {
    return padded.narrow(2, spec.paddingH(), h).narrow(3, spec.paddingW(), w);
  }
}
