package dev.kiln.backend;

import dev.kiln.Shape;
import java.util.Optional;

/**
 * Convolution as matrix products: the windows of some images and one group become the columns of a
 * matrix (im2col), which the group's filters multiply.
 */
final class CompositeConv {
  /** How many elements the matrix of columns may have, unless one image needs more. */
  private static final long COLUMNS = 1L << 22;

  private final Composer k;
  private final Windows windows;
  private final int groups;
  private final long images;
  private final long inputs;
  private final long outputs;
  private final long taps;
  private final long pixels;
  private final long chunk;

  private CompositeConv(Composer k, Shape x, Shape weight, Shape y, Conv2dSpec spec) {
    this.k = k;
    this.windows = Windows.of(spec, weight, y);
    this.groups = spec.groups();
    this.images = x.dim(0);
    this.inputs = x.dim(1) / groups;
    this.outputs = weight.dim(0) / groups;
    this.taps = inputs * weight.dim(2) * weight.dim(3);
    this.pixels = y.dim(2) * y.dim(3);
    this.chunk = Math.max(1, Math.min(images, COLUMNS / Math.max(1, taps * pixels)));
  }

  static void forward(
      Composer k,
      View y,
      View x,
      View weight,
      Optional<View> bias,
      Conv2dSpec spec,
      Epilogue epilogue) {
    CompositeConv c = new CompositeConv(k, x.shape(), weight.shape(), y.shape(), spec);
    View padded = c.windows.pad(k, x, 0);
    View w = k.in(weight);
    View result = k.temp(c.images, c.groups * c.outputs, c.pixels);
    View columns = k.temp(c.chunk, c.taps, c.pixels);
    View product = k.temp(c.chunk, c.outputs, c.pixels);
    for (int g = 0; g < c.groups; g++) {
      for (long at = 0; at < c.images; at += c.chunk) {
        long n = Math.min(c.chunk, c.images - at);
        View cols = c.columns(columns, padded, g, at, n);
        View part = product.narrow(0, 0, n);
        c.multiply(part, c.filters(w, g), cols, false, false, 0);
        k.backend().copy(result.narrow(0, at, n).narrow(1, g * c.outputs, c.outputs), part);
      }
    }
    if (bias.isPresent()) {
      k.accumulate(result, k.in(bias.get()).reshape(Shape.of(c.groups * c.outputs, 1)));
    }
    if (epilogue == Epilogue.RELU) {
      k.backend().unary(UnaryOp.RELU, result, result, 0, 0);
    }
    k.store(y, result);
  }

  static void gradInput(Composer k, View dx, View dy, View weight, Conv2dSpec spec) {
    CompositeConv c = new CompositeConv(k, dx.shape(), weight.shape(), dy.shape(), spec);
    long h = dx.shape().dim(2);
    long width = dx.shape().dim(3);
    Windows win = c.windows;
    View w = k.in(weight);
    View padded = k.full(0, c.images, dx.shape().dim(1), win.paddedH(h), win.paddedW(width));
    View columns = k.temp(c.chunk, c.taps, c.pixels);
    View upstream = k.temp(c.chunk, c.outputs, c.pixels);
    for (int g = 0; g < c.groups; g++) {
      for (long at = 0; at < c.images; at += c.chunk) {
        long n = Math.min(c.chunk, c.images - at);
        View cols = columns.narrow(0, 0, n);
        c.multiply(cols, c.filters(w, g), c.upstream(upstream, dy, g, at, n), true, false, 0);
        View target = c.group(padded, g, at, n);
        View byTap =
            cols.reshape(
                Shape.of(n, c.inputs, win.kernelH(), win.kernelW(), win.outH(), win.outW()));
        for (int i = 0; i < win.kernelH(); i++) {
          for (int j = 0; j < win.kernelW(); j++) {
            k.accumulate(win.tap(target, i, j), byTap.select(2, i).select(2, j));
          }
        }
      }
    }
    k.backend().copy(dx, win.interior(padded, h, width));
  }

  static void gradWeight(Composer k, View dweight, View dy, View x, Conv2dSpec spec) {
    CompositeConv c = new CompositeConv(k, x.shape(), dweight.shape(), dy.shape(), spec);
    View padded = c.windows.pad(k, x, 0);
    View sum = k.full(0, c.groups * c.outputs, c.taps);
    View columns = k.temp(c.chunk, c.taps, c.pixels);
    View upstream = k.temp(c.chunk, c.outputs, c.pixels);
    for (int g = 0; g < c.groups; g++) {
      for (long at = 0; at < c.images; at += c.chunk) {
        long n = Math.min(c.chunk, c.images - at);
        View cols = c.columns(columns, padded, g, at, n);
        View up = c.upstream(upstream, dy, g, at, n);
        for (long i = 0; i < n; i++) {
          c.multiply(c.filters(sum, g), up.narrow(0, i, 1), cols.narrow(0, i, 1), false, true, 1);
        }
      }
    }
    k.store(dweight, sum);
  }

  /** The columns [n, taps, pixels] of some images of one group. */
  private View columns(View buffer, View padded, int g, long at, long n) {
    View cols = buffer.narrow(0, 0, n);
    View all = windows.taps(group(padded, g, at, n));
    k.backend().copy(cols.reshape(all.shape()), all);
    return cols;
  }

  /** The gradients [n, outputs, pixels] of some images of one group. */
  private View upstream(View buffer, View dy, int g, long at, long n) {
    View part = buffer.narrow(0, 0, n);
    Shape shape = Shape.of(n, outputs, windows.outH(), windows.outW());
    k.backend().copy(part.reshape(shape), dy.narrow(0, at, n).narrow(1, g * outputs, outputs));
    return part;
  }

  private View group(View padded, int g, long at, long n) {
    return padded.narrow(0, at, n).narrow(1, g * inputs, inputs);
  }

  /** The filters [1, outputs, taps] of one group. */
  private View filters(View weight, int g) {
    return weight.narrow(0, g * outputs, outputs).reshape(Shape.of(1, outputs, taps));
  }

  private void multiply(
      View out, View a, View b, boolean transposeA, boolean transposeB, double beta) {
    k.backend().matmul(out, a, b, Optional.empty(), transposeA, transposeB, 1, beta, Epilogue.NONE);
  }
}
