package dev.kiln.ops;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;

/** Vector norms and what is made of them. */
public final class Norms {
  private Norms() {}

  /**
   * The p-norm over some axes: {@code sum(|x|^p)^(1/p)}; the largest magnitude for infinity, the
   * smallest for minus infinity, the number of elements other than 0 for p = 0. Where the norm is 0
   * its gradient is 0.
   *
   * @param x the input
   * @param p the order
   * @param dims the axes; none for all
   * @param keepdim whether reduced axes stay with size 1
   */
  public static Tensor norm(Tensor x, double p, int[] dims, boolean keepdim) {
    if (Casts.raises(x)) {
      return norm(Casts.full(x), p, dims, keepdim);
    }
    Check.floating("norm", "input", x);
    if (Double.isInfinite(p)) {
      return extreme(x, p > 0, ShapeRules.axes("norm", x, dims), keepdim);
    }
    if (p == 0) {
      Tensor count = Reductions.sum(x.detach().ne(0).to(x.dtype()), dims, keepdim);
      return Autograd.record(
          "norm", count, Edge.of(x, dy -> Tensor.zeros(x.shape(), x.dtype(), x.device())));
    }
    if (p == 1) {
      return Reductions.sum(x.abs(), dims, keepdim);
    }
    int[] axes = ShapeRules.axes("norm", x, dims);
    Tensor fixed = x.detach();
    Tensor powers = p == 2 ? fixed.square() : fixed.abs().pow(p);
    Tensor sum = axes.length == 0 ? powers : Reductions.sum(powers, axes.clone(), true);
    Tensor y = p == 2 ? sum.sqrt() : sum.pow(1 / p);
    Tensor recorded = Autograd.record("norm", y, Edge.of(x, dy -> normGrad(x, y, dy, p)));
    return keepdim ? recorded : drop(recorded, axes);
  }

  /** Equal magnitudes share the gradient evenly; at a NaN, which has no sign, it is 0. */
  private static Tensor extreme(Tensor x, boolean largest, int[] axes, boolean keepdim) {
    Tensor size = x.detach().abs();
    Tensor y =
        largest
            ? Reductions.amax(size, axes.clone(), true)
            : Reductions.amin(size, axes.clone(), true);
    Tensor recorded =
        Autograd.record(
            "norm",
            y,
            Edge.of(
                x,
                dy -> {
                  Tensor nan = Predicates.isnan(size);
                  Tensor hit = Elementwise.logicalOr(Elementwise.eq(size, y), nan).to(dy.dtype());
                  Tensor share = dy.div(Reductions.sum(hit, axes.clone(), true));
                  return x.detach().sign().mul(share.mul(hit));
                }));
    return keepdim ? recorded : drop(recorded, axes);
  }

  private static Tensor drop(Tensor y, int[] axes) {
    Shape shape = y.shape();
    for (int i = axes.length - 1; i >= 0; i--) {
      shape = shape.without(axes[i]);
    }
    return y.reshape(shape.dims());
  }

  private static Tensor normGrad(Tensor x, Tensor y, Tensor dy, double p) {
    Tensor zero = Elementwise.constant(x, 0);
    // A norm of 0 is kept out of the division: it would make the next gradient NaN.
    Tensor ratio = x.div(Elementwise.constant(y, 1).where(y.eq(0), y));
    Tensor slope = p == 2 ? ratio : x.sign().mul(ratio.abs().pow(p - 1));
    Tensor flat = Elementwise.logicalOr(y.eq(0), p < 1 ? x.eq(0) : y.eq(0));
    return dy.mul(Elementwise.where(flat, zero, slope));
  }

  /** {@code x / max(norm, eps)} along an axis. */
  public static Tensor normalize(Tensor x, double p, int dim, double eps) {
    Tensor norm = norm(x, p, new int[] {dim}, true);
    return x.div(norm.clamp(eps, Double.POSITIVE_INFINITY));
  }

  /**
   * The cosine of the angle between vectors along an axis, broadcast.
   *
   * @param x1 vectors
   * @param x2 vectors
   * @param dim the axis, of the broadcast shape
   * @param eps the least norm
   */
  public static Tensor cosineSimilarity(Tensor x1, Tensor x2, int dim, double eps) {
    Shape shape = ShapeRules.broadcast("cosine_similarity", x1, x2);
    Tensor a = Shaping.expand(x1, shape);
    Tensor b = Shaping.expand(x2, shape);
    return unit(a, dim, eps).mul(unit(b, dim, eps)).sum(dim);
  }

  /** As PyTorch has it: the least norm is a constant, but the gradient still goes through. */
  private static Tensor unit(Tensor x, int dim, double eps) {
    Tensor norm = norm(x, 2, new int[] {dim}, true);
    Tensor fixed = norm.detach();
    return x.div(norm.add(fixed.clamp(eps, Double.POSITIVE_INFINITY).sub(fixed)));
  }

  /** The p-norm of {@code x1 - x2 + eps} along the last axis. */
  public static Tensor pairwiseDistance(Tensor x1, Tensor x2, double p, double eps) {
    return norm(x1.sub(x2).add(eps), p, new int[] {-1}, false);
  }
}
