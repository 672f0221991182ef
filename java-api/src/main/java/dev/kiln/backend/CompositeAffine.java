package dev.kiln.backend;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.util.Optional;

/** Sampling images at the points of affine maps. */
final class CompositeAffine {
  private final Composer k;
  private final View planes;
  private final long h;
  private final long w;
  private final Sampling sampling;
  private final View fill;

  private CompositeAffine(Composer k, View x, Optional<View> fill, Sampling sampling) {
    this.k = k;
    this.sampling = sampling;
    h = x.shape().dim(2);
    w = x.shape().dim(3);
    long channels = x.shape().dim(1);
    View in = k.in(x);
    if (x.dtype() == DType.UINT8) {
      in = k.div(in, k.constant(k.type(), 255));
    }
    planes = in.reshape(Shape.of(x.shape().dim(0), channels, h * w));
    this.fill =
        fill.map(k::in).orElseGet(() -> k.full(0, channels)).reshape(Shape.of(1, channels, 1));
  }

  static void sample(
      Composer k, View out, View x, View theta, Optional<View> fill, Sampling sampling) {
    if (out.numel() == 0) {
      return;
    }
    k.store(out, new CompositeAffine(k, x, fill, sampling).at(k.in(theta), out.shape()));
  }

  private View at(View theta, Shape out) {
    View row = middles(k, out.dim(2)).reshape(Shape.of(1, out.dim(2), 1));
    View column = middles(k, out.dim(3)).reshape(Shape.of(1, 1, out.dim(3)));
    View px = inside(coordinate(theta.select(1, 0), column, row), w);
    View py = inside(coordinate(theta.select(1, 1), column, row), h);
    if (sampling.filter() == Sampling.Filter.NEAREST) {
      return pick(k.unary(UnaryOp.ROUND, px), k.unary(UnaryOp.ROUND, py));
    }
    View x0 = k.unary(UnaryOp.FLOOR, px);
    View y0 = k.unary(UnaryOp.FLOOR, py);
    View x1 = k.affine(x0, 1, 1);
    View y1 = k.affine(y0, 1, 1);
    View tx = k.sub(px, x0);
    View ty = k.sub(py, y0);
    View sx = k.affine(tx, -1, 1);
    View sy = k.affine(ty, -1, 1);
    View sum = weighted(pick(x0, y0), sx, sy);
    k.accumulate(sum, weighted(pick(x1, y0), tx, sy));
    k.accumulate(sum, weighted(pick(x0, y1), sx, ty));
    k.accumulate(sum, weighted(pick(x1, y1), tx, ty));
    return sum;
  }

  /** 1/2, 3/2, ... */
  private static View middles(Composer k, long n) {
    View count = k.temp(n);
    k.backend().scan(ScanOp.SUM, count, k.full(1, n), 0);
    return k.affine(count, 1, -0.5);
  }

  /** The pixels' coordinates along one axis, [n, points]. */
  private View coordinate(View line, View column, View row) {
    Shape each = Shape.of(line.shape().dim(0), 1, 1);
    View a = k.in(line.narrow(1, 0, 1)).reshape(each);
    View b = k.in(line.narrow(1, 1, 1)).reshape(each);
    View c = k.affine(k.in(line.narrow(1, 2, 1)), 1, -0.5).reshape(each);
    View all = k.add(k.add(k.mul(a, column), k.mul(b, row)), c);
    return all.reshape(Shape.of(each.dim(0), all.numel() / each.dim(0)));
  }

  private View inside(View p, long size) {
    return switch (sampling.padding()) {
      case CONSTANT -> p;
      case BORDER -> clamp(p, size);
      case REFLECTION -> clamp(reflected(p, size), size);
    };
  }

  private View clamp(View p, long size) {
    View out = k.temp(p.dtype(), p.shape());
    k.backend().unary(UnaryOp.CLAMP, out, p, 0, size - 1);
    return out;
  }

  /** Mirrored at -1/2 and size - 1/2. */
  private View reflected(View p, long size) {
    View d = k.unary(UnaryOp.ABS, k.affine(p, 1, 0.5));
    View turn = k.binary(BinaryOp.FMOD, d, k.constant(k.type(), 2.0 * size));
    return k.affine(k.binary(BinaryOp.MINIMUM, turn, k.affine(turn, -1, 2.0 * size)), 1, -0.5);
  }

  private View weighted(View pixels, View wx, View wy) {
    return k.mul(pixels, k.mul(wx, wy).unsqueeze(1));
  }

  /** The pixels at whole coordinates, [n, c, points]; the fill outside. */
  private View pick(View ix, View iy) {
    View cx = clamp(ix, w);
    View cy = clamp(iy, h);
    View in = k.binary(BinaryOp.AND, k.binary(BinaryOp.EQ, ix, cx), k.binary(BinaryOp.EQ, iy, cy));
    View place = k.cast(k.add(k.affine(cy, w, 0), cx), DType.INT64);
    Shape shape = planes.shape().with(2, ix.shape().dim(1));
    View index = k.temp(DType.INT64, shape);
    k.backend().copy(index, place.unsqueeze(1).expand(shape));
    View picked = k.temp(planes.dtype(), shape);
    k.backend().gather(picked, planes, index, 2);
    return k.where(in.unsqueeze(1), picked, fill);
  }
}
