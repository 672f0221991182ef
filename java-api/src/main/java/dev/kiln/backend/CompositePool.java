package dev.kiln.backend;

import dev.kiln.DType;
import dev.kiln.Shape;

/** Pooling tap by tap: all windows at once, one of their elements after the other. */
final class CompositePool {
  private CompositePool() {}

  static void max(Composer k, View y, View index, View x, Pool2dSpec spec) {
    Windows win = Windows.of(spec, y.shape());
    View padded = win.pad(k, x, Double.NEGATIVE_INFINITY);
    View positions = positions(k, win, x.shape().dim(2), x.shape().dim(3));
    View zero = k.constant(DType.INT32, 0);
    View best = k.full(Double.NEGATIVE_INFINITY, y.shape().dims());
    View at = k.temp(DType.INT32, y.shape());
    k.backend().fill(at, -1);
    View a = k.temp(DType.BOOL, y.shape());
    View b = k.temp(DType.BOOL, y.shape());
    View c = k.temp(DType.BOOL, y.shape());
    View zeros = zero.expand(y.shape());
    Backend ops = k.backend();
    for (int i = 0; i < spec.kernelH(); i++) {
      for (int j = 0; j < spec.kernelW(); j++) {
        View v = win.tap(padded, i, j);
        View here = win.tap(positions, i, j).expand(y.shape());
        // Take it if it is larger, or NaN, or the first element that is no padding.
        ops.binary(BinaryOp.NE, a, v, v);
        ops.binary(BinaryOp.LT, b, at, zeros);
        ops.binary(BinaryOp.GE, c, here, zeros);
        ops.binary(BinaryOp.AND, b, b, c);
        ops.binary(BinaryOp.OR, a, a, b);
        ops.binary(BinaryOp.GT, b, v, best);
        ops.binary(BinaryOp.OR, a, a, b);
        View nextBest = k.temp(best.dtype(), y.shape());
        View nextAt = k.temp(DType.INT32, y.shape());
        ops.where(nextBest, a, v, best);
        ops.where(nextAt, a, here, at);
        k.drop(best);
        k.drop(at);
        best = nextBest;
        at = nextAt;
      }
    }
    k.store(y, best);
    k.store(index, at);
  }

  /** The number of each place of a plane, -1 in its padding: INT32 [1, 1, h, w]. */
  private static View positions(Composer k, Windows win, long h, long w) {
    View count = k.temp(DType.INT32, Shape.of(h * w));
    if (h * w > 0) {
      k.backend().fill(count.narrow(0, 0, 1), 0);
    }
    for (long known = 1; known < h * w; known *= 2) {
      long more = Math.min(known, h * w - known);
      k.backend()
          .unary(UnaryOp.AFFINE, count.narrow(0, known, more), count.narrow(0, 0, more), 1, known);
    }
    View padded = k.temp(DType.INT32, Shape.of(1, 1, win.paddedH(h), win.paddedW(w)));
    k.backend().fill(padded, -1);
    k.backend().copy(win.interior(padded, h, w), count.reshape(Shape.of(1, 1, h, w)));
    return padded;
  }

  static void maxGrad(Composer k, View dx, View dy, View index, Pool2dSpec spec) {
    Shape in = dx.shape();
    Shape out = dy.shape();
    Shape planes = Shape.of(in.dim(0) * in.dim(1), in.dim(2) * in.dim(3));
    View g = k.in(dy);
    View at = k.cast(index, DType.INT64);
    if (spec.dilationH() > 1 || spec.dilationW() > 1) {
      // A dilated window may lie in padding with all its elements; its gradient goes nowhere.
      View none = k.binary(BinaryOp.LT, at, k.constant(DType.INT64, 0));
      g = k.where(none, k.full(0, 1), g);
      at = k.where(none, k.constant(DType.INT64, 0), at);
    }
    View sum = k.full(0, planes.dims());
    if (planes.numel() > 0) {
      Shape windows = Shape.of(planes.dim(0), out.dim(2) * out.dim(3));
      k.backend().scatterAdd(sum, g.reshape(windows), at.reshape(windows), 1);
    }
    k.store(dx, sum);
  }

  static void avg(Composer k, View y, View x, Pool2dSpec spec) {
    Windows win = Windows.of(spec, y.shape());
    View sum = sumTaps(k, win, win.pad(k, x, 0));
    k.store(y, k.div(sum, divisors(k, win, x.shape(), spec)));
  }

  static void avgGrad(Composer k, View dx, View dy, Pool2dSpec spec) {
    Windows win = Windows.of(spec, dy.shape());
    long h = dx.shape().dim(2);
    long w = dx.shape().dim(3);
    View g = k.div(k.in(dy), divisors(k, win, dx.shape(), spec));
    View padded = k.full(0, dx.shape().dim(0), dx.shape().dim(1), win.paddedH(h), win.paddedW(w));
    for (int i = 0; i < spec.kernelH(); i++) {
      for (int j = 0; j < spec.kernelW(); j++) {
        k.accumulate(win.tap(padded, i, j), g);
      }
    }
    k.backend().copy(dx, win.interior(padded, h, w));
  }

  private static View sumTaps(Composer k, Windows win, View padded) {
    View sum = k.full(0, padded.shape().dim(0), padded.shape().dim(1), win.outH(), win.outW());
    for (int i = 0; i < win.kernelH(); i++) {
      for (int j = 0; j < win.kernelW(); j++) {
        k.accumulate(sum, win.tap(padded, i, j));
      }
    }
    return sum;
  }

  /** How many elements of each window count, [1, 1, oh, ow]: what hangs over never does. */
  private static View divisors(Composer k, Windows win, Shape x, Pool2dSpec spec) {
    long h = x.dim(2);
    long w = x.dim(3);
    View counted = k.full(0, 1, 1, win.paddedH(h), win.paddedW(w));
    View ones =
        spec.countIncludePad()
            ? counted.narrow(2, 0, h + 2L * spec.paddingH()).narrow(3, 0, w + 2L * spec.paddingW())
            : win.interior(counted, h, w);
    k.backend().fill(ones, 1);
    return sumTaps(k, win, counted);
  }

  static void adaptiveAvg(Composer k, View y, View x) {
    k.store(y, meanOfParts(k, meanOfParts(k, k.in(x), 2, y.shape().dim(2)), 3, y.shape().dim(3)));
  }

  /** The means of the parts into which an axis is divided. */
  private static View meanOfParts(Composer k, View x, int axis, long parts) {
    View out = k.temp(x.shape().with(axis, parts).dims());
    for (long i = 0; i < parts; i++) {
      View part = x.narrow(axis, start(x, axis, parts, i), length(x, axis, parts, i));
      k.backend().copy(out.narrow(axis, i, 1), k.reduce(ReduceOp.MEAN, k.in(part), axis));
    }
    return out;
  }

  static void adaptiveAvgGrad(Composer k, View dx, View dy) {
    View rows = k.full(0, dy.shape().with(3, dx.shape().dim(3)).dims());
    spread(k, rows, k.in(dy), 3);
    View all = k.full(0, dx.shape().dims());
    spread(k, all, rows, 2);
    k.store(dx, all);
  }

  /** Adds the mean's gradient to each part of an axis. */
  private static void spread(Composer k, View dx, View dy, int axis) {
    long parts = dy.shape().dim(axis);
    for (long i = 0; i < parts; i++) {
      long length = length(dx, axis, parts, i);
      View g = k.affine(k.in(dy.narrow(axis, i, 1)), 1.0 / length, 0);
      k.accumulate(dx.narrow(axis, start(dx, axis, parts, i), length), g);
    }
  }

  private static long start(View x, int axis, long parts, long i) {
    return i * x.shape().dim(axis) / parts;
  }

  private static long length(View x, int axis, long parts, long i) {
    long size = x.shape().dim(axis);
    return ((i + 1) * size + parts - 1) / parts - i * size / parts;
  }
}
