package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Tensor;
import dev.kiln.ops.Resampling.Mode;
import dev.kiln.ops.Resampling.Outside;
import dev.kiln.ops.Resampling.Sampler;

/** Samples volumes at the points of a grid; what {@link Resampling#gridSample} is of images. */
final class VolumeSampler {
  private static final String OP = "grid_sample";

  private final Tensor x;
  private final long points;

  private VolumeSampler(Tensor x, long points) {
    this.x = x;
    this.points = points;
  }

  /**
   * Samples.
   *
   * @param x [n, c, d, h, w]
   * @param grid [n, od, oh, ow, 3]: x, y and z
   * @return [n, c, od, oh, ow]
   */
  static Tensor sample(Tensor x, Tensor grid, Mode mode, Outside outside, boolean alignCorners) {
    ShapeRules.require(
        grid.dim() == 5
            && grid.size(4) == 3
            && grid.size(0) == x.size(0)
            && x.size(2) > 0
            && x.size(3) > 0
            && x.size(4) > 0,
        () ->
            "["
                + OP
                + "] grid "
                + grid.describe()
                + " must be ["
                + x.size(0)
                + ",od,oh,ow,3] for input "
                + x.describe()
                + ", which must have layers, rows and columns");
    ShapeRules.require(
        mode == Mode.NEAREST || mode == Mode.BILINEAR,
        () -> "[" + OP + "] mode " + mode + " is for images; use NEAREST or BILINEAR for volumes");
    long n = x.size(0);
    long points = grid.size(1) * grid.size(2) * grid.size(3);
    Sampler rule = new Sampler(x, points, outside, alignCorners);
    Tensor[] at = new Tensor[3];
    for (int i = 0; i < 3; i++) {
      long size = x.size(4 - i);
      at[i] = rule.inside(rule.pixel(grid.select(4, i).reshape(n, points), size), size);
    }
    VolumeSampler sampler = new VolumeSampler(x, points);
    Tensor y =
        mode == Mode.NEAREST
            ? sampler.at(
                Elementwise.round(at[0]), Elementwise.round(at[1]), Elementwise.round(at[2]))
            : sampler.trilinear(at);
    return y.reshape(n, x.size(1), grid.size(1), grid.size(2), grid.size(3));
  }

  private Tensor trilinear(Tensor[] at) {
    Tensor[] floor = new Tensor[3];
    Tensor[] upper = new Tensor[3];
    Tensor[] lower = new Tensor[3];
    for (int i = 0; i < 3; i++) {
      floor[i] = Elementwise.floor(at[i].detach());
      upper[i] = at[i].sub(floor[i]);
      lower[i] = Elementwise.affine(upper[i], -1, 1);
    }
    Tensor y = null;
    for (int corner = 0; corner < 8; corner++) {
      Tensor weight = null;
      Tensor[] place = new Tensor[3];
      for (int i = 0; i < 3; i++) {
        boolean far = (corner >> i & 1) == 1;
        place[i] = far ? floor[i].add(1) : floor[i];
        Tensor w = far ? upper[i] : lower[i];
        weight = weight == null ? w : weight.mul(w);
      }
      Tensor part = at(place[0], place[1], place[2]).mul(weight.unsqueeze(1));
      y = y == null ? part : y.add(part);
    }
    return y;
  }

  /** The elements at whole coordinates; 0 outside. */
  private Tensor at(Tensor ix, Tensor iy, Tensor iz) {
    long d = x.size(2);
    long h = x.size(3);
    long w = x.size(4);
    Tensor fx = ix.detach();
    Tensor fy = iy.detach();
    Tensor fz = iz.detach();
    Tensor cx = fx.clamp(0, w - 1);
    Tensor cy = fy.clamp(0, h - 1);
    Tensor cz = fz.clamp(0, d - 1);
    Tensor in =
        Elementwise.logicalAnd(Elementwise.logicalAnd(fx.eq(cx), fy.eq(cy)), fz.eq(cz))
            .unsqueeze(1);
    Tensor row = cz.to(DType.INT64).mul(h).add(cy.to(DType.INT64));
    Tensor index = row.mul(w).add(cx.to(DType.INT64)).unsqueeze(1);
    Tensor flat = x.reshape(x.size(0), x.size(1), d * h * w);
    Tensor picked = flat.gather(2, index.expand(x.size(0), x.size(1), points));
    return picked.where(in, Elementwise.constant(picked, 0));
  }
}
