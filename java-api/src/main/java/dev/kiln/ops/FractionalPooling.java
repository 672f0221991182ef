package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.ops.Pooling.Maxima;
import java.util.Arrays;
import java.util.List;

/** Pooling that shrinks by other than whole factors. */
public final class FractionalPooling {
  private FractionalPooling() {}

  /**
   * Takes the largest element of windows whose places are drawn, as far apart as the sizes ask for
   * on average. Graham 2014, the overlapping, pseudorandom kind.
   *
   * @param x [n, c, h, w] or [n, c, depth, h, w], or one example without n
   * @param kernel the window's size along each axis
   * @param output how many windows along each axis
   * @param samples [n, c, axes] (n is 1 for one example), of x's type, 0 .. 1: what each plane's
   *     places are made from; for images first the columns', then the rows'; for volumes in the
   *     order of the axes
   * @return both [n, c, output...]
   * @throws dev.kiln.ShapeException if the windows do not fit
   */
  public static Maxima fractionalMaxPool(Tensor x, int[] kernel, int[] output, Tensor samples) {
    String op = "fractional_max_pool";
    int axes = kernel.length;
    if (x.dim() == axes + 1) {
      return fractionalMaxPool(x.unsqueeze(0), kernel, output, samples).squeeze(0);
    }
    Check.floating(op, "input", x);
    Check.sameType(op, "input", x, "samples", samples);
    Check.backend(op, x, samples);
    boolean fits = (axes == 2 || axes == 3) && output.length == axes && x.dim() == axes + 2;
    for (int i = 0; fits && i < axes; i++) {
      fits = kernel[i] > 0 && output[i] > 0 && output[i] + (long) kernel[i] - 1 <= x.size(i + 2);
    }
    ShapeRules.require(
        fits,
        () ->
            "["
                + op
                + "] input "
                + x.describe()
                + " must have 2 or 3 axes after [n, channels], each at least kernel "
                + Arrays.toString(kernel)
                + " + output "
                + Arrays.toString(output)
                + " - 1 long");
    ShapeRules.require(
        samples.shape().equals(Shape.of(x.size(0), x.size(1), axes)),
        () ->
            "["
                + op
                + "] samples "
                + samples.describe()
                + " must be ["
                + x.size(0)
                + ","
                + x.size(1)
                + ","
                + axes
                + "] for input "
                + x.describe());
    // All windows side by side, and where each of their elements came from.
    Tensor spread = x;
    Tensor from = Tensor.zeros(Shape.of(1), DType.INT64, x.device());
    for (int a = 0; a < axes; a++) {
      Tensor sample = samples.select(2, axes == 2 ? 1 - a : a).unsqueeze(2);
      Tensor at = places(sample, x.size(a + 2), kernel[a], output[a]);
      long[] dims = new long[axes + 2];
      Arrays.fill(dims, 1);
      dims[0] = x.size(0);
      dims[1] = x.size(1);
      dims[a + 2] = at.size(2);
      Tensor along = at.reshape(dims);
      spread = spread.gather(a + 2, along.expand(spread.shape().with(a + 2, at.size(2)).dims()));
      from = from.mul(x.size(a + 2)).add(along);
    }
    Maxima found = largest(spread, kernel);
    Shape shape = found.values().shape();
    long planes = x.size(0) * x.size(1);
    long windows = shape.numel() == 0 ? 0 : shape.numel() / planes;
    long elements = from.numel() == 0 ? 0 : from.numel() / planes;
    Tensor indices =
        from.reshape(planes, elements).gather(1, found.indices().reshape(planes, windows));
    return new Maxima(found.values(), indices.reshape(shape.dims()));
  }

  /** The indices of all windows' elements along an axis: [n, c, output * kernel]. */
  private static Tensor places(Tensor sample, long size, int kernel, int output) {
    Tensor last = Tensor.full(sample.shape(), size - kernel, DType.INT64, sample.device());
    Tensor starts = last;
    if (output > 1) {
      double step = (double) (size - kernel) / (output - 1);
      Tensor i = Tensor.arange(output - 1, sample.device()).to(sample.dtype());
      Tensor first =
          Elementwise.floor(sample.add(i).mul(step)).sub(Elementwise.floor(sample.mul(step)));
      starts = Shaping.cat(List.of(first.to(DType.INT64), last), 2);
    }
    Tensor all = starts.unsqueeze(3).add(Tensor.arange(kernel, sample.device()));
    return all.reshape(sample.size(0), sample.size(1), (long) output * kernel);
  }

  private static Maxima largest(Tensor x, int[] k) {
    if (k.length == 2) {
      Pool2dSpec spec = new Pool2dSpec(k[0], k[1], k[0], k[1], 0, 0, 1, 1, true);
      return Pooling.maxPool2dWithIndices(x, spec, false);
    }
    return Pooling3d.maxPool3dWithIndices(x, k, k, new int[3], new int[] {1, 1, 1}, false);
  }
}
