package dev.kiln.backend;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.util.Set;

/** Steps on pixels: each op that a step may have is applied to all images, and theirs is taken. */
final class CompositePixels {
  private static final double[] GREY = {0.2989, 0.587, 0.114};

  private final Composer k;
  private final PixelProgram program;
  private final View steps;
  private final View channels;
  private final View keys;

  CompositePixels(Composer k, PixelProgram program, View steps, View channels, View keys) {
    this.k = k;
    this.program = program;
    this.steps = k.in(steps);
    this.channels = k.in(channels);
    this.keys = keys;
  }

  void run(View out, View x) {
    if (out.numel() == 0) {
      return;
    }
    View v = k.in(x);
    if (x.dtype() == DType.UINT8) {
      v = k.div(v, k.constant(k.type(), 255));
    }
    for (int s = 0; s < program.steps().size(); s++) {
      Set<PixelOp> ops = program.steps().get(s);
      View next = v;
      for (PixelOp op : ops) {
        if (op == PixelOp.NONE) {
          continue;
        }
        View made = apply(op, v, s);
        View chosen = k.binary(BinaryOp.EQ, parameter(s, -1), k.constant(k.type(), op.ordinal()));
        next = ops.size() == 1 ? made : k.where(chosen, made, next);
      }
      v = next;
    }
    k.store(out, v);
  }

  /** Parameter p of each image, [n, 1, 1, 1]; -1 is the op. */
  private View parameter(int step, int p) {
    return k.in(steps.select(1, step).narrow(1, p + 1, 1))
        .reshape(Shape.of(steps.shape().dim(0), 1, 1, 1));
  }

  private View apply(PixelOp op, View v, int step) {
    return switch (op) {
      case NONE -> v;
      case BRIGHTNESS -> clamp(k.mul(v, parameter(step, 0)));
      case CONTRAST -> blend(v, k.reduce(ReduceOp.MEAN, grey(v), 2, 3), step);
      case SATURATION -> isColour(v) ? blend(v, grey(v), step) : v;
      case HUE -> isColour(v) ? hue(v, parameter(step, 0)) : v;
      case GRAYSCALE -> isColour(v) ? k.mul(grey(v), k.full(1, v.shape().dims())) : v;
      case INVERT -> k.affine(v, -1, 1);
      case POSTERIZE -> posterize(v, parameter(step, 0));
      case SOLARIZE -> k.where(k.binary(BinaryOp.GE, v, parameter(step, 0)), k.affine(v, -1, 1), v);
      case AUTOCONTRAST -> autocontrast(v);
      case EQUALIZE -> equalize(v);
      case NORMALIZE -> {
        Shape each = Shape.of(1, v.shape().dim(1), 1, 1);
        View mean = k.in(channels.narrow(1, 0, 1)).reshape(each);
        yield k.div(k.sub(v, mean), k.in(channels.narrow(1, 1, 1)).reshape(each));
      }
      case ERASE -> erase(v, step);
      case NOISE -> noise(v, step);
      case SHARPNESS -> sharpness(v, step);
      case BLUR_ROWS -> blur(v, 3, step);
      case BLUR_COLUMNS -> blur(v, 2, step);
    };
  }

  private static boolean isColour(View v) {
    return v.shape().dim(1) == 3;
  }

  private View clamp(View v) {
    View out = k.temp(v.dtype(), v.shape());
    k.backend().unary(UnaryOp.CLAMP, out, v, 0, 1);
    return out;
  }

  /** clamp(p0 v + (1 - p0) other). */
  private View blend(View v, View other, int step) {
    View f = parameter(step, 0);
    return clamp(k.add(k.mul(v, f), k.mul(other, k.affine(f, -1, 1))));
  }

  private View channel(View v, int c) {
    return k.in(v.narrow(1, c, 1));
  }

  private View grey(View v) {
    if (!isColour(v)) {
      return v;
    }
    View sum = k.affine(channel(v, 0), GREY[0], 0);
    k.accumulate(sum, k.affine(channel(v, 1), GREY[1], 0));
    k.accumulate(sum, k.affine(channel(v, 2), GREY[2], 0));
    return sum;
  }

  private View hue(View v, View turn) {
    View r = channel(v, 0);
    View g = channel(v, 1);
    View b = channel(v, 2);
    View top = k.binary(BinaryOp.MAXIMUM, k.binary(BinaryOp.MAXIMUM, r, g), b);
    View low = k.binary(BinaryOp.MINIMUM, k.binary(BinaryOp.MINIMUM, r, g), b);
    View span = k.sub(top, low);
    View one = k.constant(k.type(), 1);
    View divisor = k.where(k.binary(BinaryOp.EQ, top, low), one, span);
    View sixths =
        k.where(
            k.binary(BinaryOp.EQ, top, r),
            k.div(k.sub(g, b), divisor),
            k.where(
                k.binary(BinaryOp.EQ, top, g),
                k.affine(k.div(k.sub(b, r), divisor), 1, 2),
                k.affine(k.div(k.sub(r, g), divisor), 1, 4)));
    View turned = k.add(sixths, k.affine(turn, 6, 0));
    View out = k.temp(v.dtype(), v.shape());
    double[] from = {5, 3, 1};
    for (int c = 0; c < 3; c++) {
      View place =
          k.binary(BinaryOp.REMAINDER, k.affine(turned, 1, from[c]), k.constant(k.type(), 6));
      View share = clamp(k.binary(BinaryOp.MINIMUM, place, k.affine(place, -1, 4)));
      k.backend().copy(out.narrow(1, c, 1), k.sub(top, k.mul(span, share)));
    }
    return out;
  }

  /** The nearest of the levels 0 .. 255. */
  private View levels(View v) {
    View out = k.unary(UnaryOp.ROUND, k.affine(v, 255, 0));
    k.backend().unary(UnaryOp.CLAMP, out, out, 0, 255);
    return out;
  }

  private View posterize(View v, View step) {
    View down = k.mul(k.unary(UnaryOp.FLOOR, k.div(levels(v), step)), step);
    return k.div(down, k.constant(k.type(), 255));
  }

  private View autocontrast(View v) {
    View low = k.reduce(ReduceOp.MIN, v, 2, 3);
    View high = k.reduce(ReduceOp.MAX, v, 2, 3);
    View flat = k.binary(BinaryOp.EQ, low, high);
    View span = k.where(flat, k.constant(k.type(), 1), k.sub(high, low));
    return k.where(flat, v, clamp(k.div(k.sub(v, low), span)));
  }

  private View equalize(View v) {
    long n = v.shape().dim(0);
    long c = v.shape().dim(1);
    long pixels = v.shape().dim(2) * v.shape().dim(3);
    View level = levels(v).reshape(Shape.of(n, c, pixels));
    View index = k.cast(level, DType.INT64);
    View histogram = k.full(0, n, c, 256);
    k.backend().scatterAdd(histogram, k.full(1, n, c, pixels), index, 2);
    View last = k.reduce(ReduceOp.MAX, level, 2);
    View isLast = k.cast(k.binary(BinaryOp.EQ, level, last), k.type());
    View rest = k.affine(k.reduce(ReduceOp.SUM, isLast, 2), -1, pixels);
    View step = k.unary(UnaryOp.FLOOR, k.affine(rest, 1 / 255.0, 1e-4));
    View usable =
        k.where(
            k.binary(BinaryOp.EQ, step, k.constant(k.type(), 0)), k.constant(k.type(), 1), step);
    View sums = k.temp(n, c, 256);
    k.backend().scan(ScanOp.SUM, sums, histogram, 2);
    View before = k.add(k.sub(sums, histogram), k.unary(UnaryOp.FLOOR, k.affine(step, 0.5, 0)));
    View table = k.unary(UnaryOp.FLOOR, k.div(before, usable));
    View spread = k.temp(n, c, pixels);
    k.backend().gather(spread, table, index, 2);
    View made = clamp(k.div(spread, k.constant(k.type(), 255)));
    View kept = k.binary(BinaryOp.EQ, step, k.constant(k.type(), 0));
    return k.where(kept, v.reshape(made.shape()), made).reshape(v.shape());
  }

  /** Standard normal numbers of v's shape, rounded to FLOAT32. */
  private View normal(View v, int step) {
    long c = v.shape().dim(1);
    long h = v.shape().dim(2);
    long w = v.shape().dim(3);
    long lanes = (c + 3) / 4 * 4;
    View all = k.temp(DType.FLOAT32, Shape.of(v.shape().dim(0), h, w, lanes));
    View state = k.temp(DType.INT64, Shape.of(3));
    for (long i = 0; i < v.shape().dim(0); i++) {
      k.backend().copy(state.narrow(0, 0, 2), keys.select(0, i));
      // The counter is a multiple of 2^40, so a double holds it.
      k.backend().fill(state.narrow(0, 2, 1), program.counter(step));
      k.backend().random(Dist.NORMAL, all.select(0, i), state, 0, 1);
    }
    return k.in(all.permute(0, 3, 1, 2).narrow(1, 0, c));
  }

  private View noise(View v, int step) {
    View sum = k.add(v, k.add(k.mul(normal(v, step), parameter(step, 1)), parameter(step, 0)));
    View clamps = k.binary(BinaryOp.NE, parameter(step, 2), k.constant(k.type(), 0));
    return k.where(clamps, clamp(sum), sum);
  }

  private View erase(View v, int step) {
    View row = index(v.shape().dim(2)).reshape(Shape.of(1, 1, v.shape().dim(2), 1));
    View column = index(v.shape().dim(3)).reshape(Shape.of(1, 1, 1, v.shape().dim(3)));
    View rows =
        k.binary(
            BinaryOp.AND,
            k.binary(BinaryOp.GE, row, parameter(step, 0)),
            k.binary(BinaryOp.LT, row, parameter(step, 2)));
    View columns =
        k.binary(
            BinaryOp.AND,
            k.binary(BinaryOp.GE, column, parameter(step, 1)),
            k.binary(BinaryOp.LT, column, parameter(step, 3)));
    View value = parameter(step, 4);
    View isNumber = k.binary(BinaryOp.EQ, value, value);
    View filling = k.where(isNumber, value, normal(v, step));
    return k.where(k.binary(BinaryOp.AND, rows, columns), filling, v);
  }

  private View index(long n) {
    View count = k.temp(n);
    k.backend().scan(ScanOp.SUM, count, k.full(1, n), 0);
    return k.affine(count, 1, -1);
  }

  private View sharpness(View v, int step) {
    long h = v.shape().dim(2) - 2;
    long w = v.shape().dim(3) - 2;
    View out = k.temp(v.dtype(), v.shape());
    k.backend().copy(out, v);
    if (h <= 0 || w <= 0) {
      return clamp(out);
    }
    View middle = k.in(v.narrow(2, 1, h).narrow(3, 1, w));
    View sum = k.affine(middle, 4, 0);
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        k.accumulate(sum, v.narrow(2, i, h).narrow(3, j, w));
      }
    }
    View smooth = k.div(sum, k.constant(k.type(), 13));
    k.backend().copy(out.narrow(2, 1, h).narrow(3, 1, w), blend(middle, smooth, step));
    return clamp(out);
  }

  /** Along one axis: the mean weighted by p1^(k k). */
  private View blur(View v, int axis, int step) {
    int radius = program.radius();
    long size = v.shape().dim(axis);
    View wide = k.temp(v.dtype(), v.shape().with(axis, size + 2L * radius));
    k.backend().copy(wide.narrow(axis, radius, size), v);
    for (int i = 1; i <= radius; i++) {
      k.backend().copy(wide.narrow(axis, radius - i, 1), v.narrow(axis, i, 1));
      k.backend()
          .copy(wide.narrow(axis, radius + size - 1 + i, 1), v.narrow(axis, size - 1 - i, 1));
    }
    View sum = k.affine(v, 1, 0);
    View weight = k.affine(parameter(step, 1), 0, 1);
    View ratio = parameter(step, 1);
    View growth = k.mul(ratio, ratio);
    View total = k.affine(ratio, 0, 1);
    for (int i = 1; i <= radius; i++) {
      weight = k.mul(weight, ratio);
      ratio = k.mul(ratio, growth);
      View both =
          k.add(
              k.in(wide.narrow(axis, radius - i, size)), k.in(wide.narrow(axis, radius + i, size)));
      k.accumulate(sum, k.mul(both, weight));
      k.accumulate(total, k.affine(weight, 2, 0));
    }
    return k.div(sum, total);
  }
}
