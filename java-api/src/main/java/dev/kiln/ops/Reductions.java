package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.ReduceOp;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Reductions over some axes, or all when none is named. Orders of addition depend on the shape
 * alone, so results are the same on every run.
 */
public final class Reductions {
  private Reductions() {}

  /** Reduces and keeps each reduced axis as size 1. */
  private static Tensor reduce(String name, ReduceOp op, Tensor input, DType dtype, int[] axes) {
    Tensor x = Check.dense(name, "input", input);
    Shape shape = kept(x.shape(), axes);
    Tensor y = Tensor.empty(shape, dtype, x.device());
    if (axes.length == 0) {
      return Shaping.copyInto(y, x);
    }
    Check.backend(name, x).reduce(op, y.view(), x.view(), axes);
    return y;
  }

  private static Shape kept(Shape shape, int[] axes) {
    Shape s = shape;
    for (int a : axes) {
      s = s.with(a, 1);
    }
    return s;
  }

  private static Tensor drop(Tensor y, int[] axes, boolean keepdim) {
    if (keepdim) {
      return y;
    }
    Shape s = y.shape();
    for (int i = axes.length - 1; i >= 0; i--) {
      s = s.without(axes[i]);
    }
    return Shaping.reshape(y, s.dims());
  }

  /**
   * The sum. Integers and BOOL are summed as INT64.
   *
   * @param x the input
   * @param dims the axes; none for all
   * @param keepdim whether reduced axes stay with size 1
   */
  public static Tensor sum(Tensor x, int[] dims, boolean keepdim) {
    if (Casts.raises(x)) {
      return sum(Casts.full(x), dims, keepdim);
    }
    int[] axes = ShapeRules.axes("sum", x, dims);
    Tensor in = x.dtype().isFloating() ? x : x.to(DType.INT64);
    Tensor y = reduce("sum", ReduceOp.SUM, in, in.dtype(), axes);
    return drop(
        Autograd.record("sum", y, Edge.of(x, dy -> Shaping.expand(dy, x.shape()))), axes, keepdim);
  }

  /** Sums a gradient down to the shape of an input that was broadcast. */
  public static Tensor sumTo(Tensor g, Shape shape) {
    if (g.shape().equals(shape)) {
      return g;
    }
    int lead = g.dim() - shape.rank();
    int[] axes = new int[g.dim()];
    int n = 0;
    for (int i = 0; i < g.dim(); i++) {
      if (i < lead || (shape.dim(i - lead) == 1 && g.size(i) != 1)) {
        axes[n++] = i;
      }
    }
    Tensor s = n == 0 ? g : sum(g, java.util.Arrays.copyOf(axes, n), true);
    return Shaping.reshape(s, shape.dims());
  }

  /** The mean; NaN of nothing. The input must be floating. */
  public static Tensor mean(Tensor x, int[] dims, boolean keepdim) {
    Check.floating("mean", "input", x);
    int[] axes = ShapeRules.axes("mean", x, dims);
    Tensor y = reduce("mean", ReduceOp.MEAN, x, x.dtype(), axes);
    double n = (double) x.numel() / Math.max(1, y.numel());
    return drop(
        Autograd.record(
            "mean", y, Edge.of(x, dy -> Shaping.expand(Elementwise.mul(dy, 1 / n), x.shape()))),
        axes,
        keepdim);
  }

  /** The largest; equal ones share the gradient evenly. */
  public static Tensor amax(Tensor x, int[] dims, boolean keepdim) {
    return extreme("amax", ReduceOp.MAX, x, dims, keepdim);
  }

  /** The smallest; equal ones share the gradient evenly. */
  public static Tensor amin(Tensor x, int[] dims, boolean keepdim) {
    return extreme("amin", ReduceOp.MIN, x, dims, keepdim);
  }

  private static Tensor extreme(String name, ReduceOp op, Tensor x, int[] dims, boolean keepdim) {
    int[] axes = ShapeRules.axes(name, x, dims);
    notEmpty(name, x, axes);
    Tensor y = reduce(name, op, x, x.dtype(), axes);
    return drop(
        Autograd.record(
            name,
            y,
            Edge.of(
                x,
                dy -> {
                  Tensor hit = Elementwise.eq(x, y).to(dy.dtype());
                  return Elementwise.mul(hit, Elementwise.div(dy, sum(hit, axes.clone(), true)));
                })),
        axes,
        keepdim);
  }

  private static void notEmpty(String name, Tensor x, int[] axes) {
    for (int a : axes) {
      ShapeRules.require(
          x.size(a) > 0 || kept(x.shape(), axes).numel() == 0,
          () ->
              "["
                  + name
                  + "] axis "
                  + a
                  + " of "
                  + x.describe()
                  + " is empty; there is no extreme");
    }
  }

  /**
   * The index of the first largest along an axis, INT64; a NaN counts as largest. BOOL is refused.
   */
  public static Tensor argmax(Tensor x, int dim, boolean keepdim) {
    return arg("argmax", ReduceOp.ARGMAX, Elementwise.number("argmax", x), dim, keepdim);
  }

  /**
   * The index of the first smallest along an axis, INT64; a NaN counts as smallest. BOOL is
   * refused.
   */
  public static Tensor argmin(Tensor x, int dim, boolean keepdim) {
    return arg("argmin", ReduceOp.ARGMIN, Elementwise.number("argmin", x), dim, keepdim);
  }

  private static Tensor arg(String name, ReduceOp op, Tensor x, int dim, boolean keepdim) {
    if (x.dim() == 0) {
      return Tensor.scalar(0, DType.INT64, x.device());
    }
    int[] axes = {ShapeRules.axis(name, x, dim)};
    notEmpty(name, x, axes);
    return drop(reduce(name, op, x.detach(), DType.INT64, axes), axes, keepdim);
  }

  /**
   * The largest along an axis and where it is.
   *
   * @param values the largest elements; the gradient goes to the first of equals
   * @param indices their positions, INT64
   */
  public record Extreme(Tensor values, Tensor indices) {}

  /** The largest of all, NaN if any is NaN; equal ones share the gradient evenly. */
  public static Tensor max(Tensor x) {
    return evenly("max", x, amax(x.detach(), new int[0], false));
  }

  /** The smallest of all, NaN if any is NaN; equal ones share the gradient evenly. */
  public static Tensor min(Tensor x) {
    return evenly("min", x, amin(x.detach(), new int[0], false));
  }

  /** Records that y is one of x's elements: those equal to it, or all NaN if it is NaN. */
  static Tensor evenly(String name, Tensor x, Tensor y) {
    return Autograd.record(
        name,
        y,
        Edge.of(
            x,
            dy -> {
              Tensor nan = Elementwise.logicalAnd(Predicates.isnan(x), Predicates.isnan(y));
              Tensor hit = Elementwise.logicalOr(Elementwise.eq(x, y), nan).to(dy.dtype());
              return hit.mul(dy.div(sum(hit, new int[0], false)));
            }));
  }

  /** The largest along an axis, with its index. */
  public static Extreme max(Tensor x, int dim, boolean keepdim) {
    return pick("max", x, dim, arg("max", ReduceOp.ARGMAX, x, dim, true), keepdim);
  }

  /** The smallest along an axis, with its index. */
  public static Extreme min(Tensor x, int dim, boolean keepdim) {
    return pick("min", x, dim, arg("min", ReduceOp.ARGMIN, x, dim, true), keepdim);
  }

  private static Extreme pick(String name, Tensor x, int dim, Tensor index, boolean keepdim) {
    if (x.dim() == 0) {
      return new Extreme(x, index);
    }
    int[] axes = {ShapeRules.axis(name, x, dim)};
    Tensor values = Indexing.gather(x, axes[0], index);
    return new Extreme(drop(values, axes, keepdim), drop(index, axes, keepdim));
  }

  /** The product. Integers and BOOL are multiplied as INT64. */
  public static Tensor prod(Tensor x, int[] dims, boolean keepdim) {
    if (Casts.raises(x)) {
      return prod(Casts.full(x), dims, keepdim);
    }
    int[] axes = ShapeRules.axes("prod", x, dims);
    Tensor in = x.dtype().isFloating() ? x : x.to(DType.INT64);
    Tensor y = reduce("prod", ReduceOp.PROD, in.detach(), in.dtype(), axes);
    return drop(Autograd.record("prod", y, Edge.of(x, dy -> prodGrad(x, dy, axes))), axes, keepdim);
  }

  /** Each element's gradient is the product of the others, right even where some are 0. */
  private static Tensor prodGrad(Tensor x, Tensor dy, int[] axes) {
    if (NoGrad.isRecording()) {
      return Elementwise.mul(dy, productOfOthers(x, axes));
    }
    Tensor zeros = Elementwise.eq(x, Elementwise.constant(x, 0));
    Tensor count = sum(zeros, axes.clone(), true);
    Tensor filled = Elementwise.where(zeros, Elementwise.constant(x, 1), x);
    Tensor rest = reduce("prod", ReduceOp.PROD, filled.detach(), x.dtype(), axes);
    Tensor others = Elementwise.div(rest, filled);
    Tensor none = Elementwise.constant(x, 0);
    // No zero: rest / x. One zero: rest at the zero, 0 elsewhere. More: 0 everywhere.
    Tensor noZero = Elementwise.where(count.eq(0), others, none);
    Tensor oneZero = Elementwise.where(Elementwise.logicalAnd(count.eq(1), zeros), others, noZero);
    return Elementwise.mul(dy, oneZero);
  }

  /** The product of all other elements over some axes, without division, as ops. */
  private static Tensor productOfOthers(Tensor x, int[] axes) {
    IntPredicate reduced = i -> Arrays.stream(axes).anyMatch(a -> a == i);
    int[] order =
        IntStream.concat(
                IntStream.range(0, x.dim()).filter(reduced.negate()), Arrays.stream(axes).sorted())
            .toArray();
    int[] inverse = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      inverse[order[i]] = i;
    }
    Tensor moved = Shaping.permute(x, order);
    long rows = kept(x.shape(), axes).numel();
    Tensor flat = Shaping.reshape(moved, rows, rows == 0 ? 0 : x.numel() / rows);
    Tensor others = Elementwise.mul(before(flat), after(flat));
    return Shaping.permute(Shaping.reshape(others, moved.shape().dims()), inverse);
  }

  /** The product of the elements before each of a row, in doubling steps. */
  private static Tensor before(Tensor x) {
    long n = x.size(1);
    Tensor y = Shaping.padConstant(x, 1, 1, 0).narrow(1, 0, n);
    for (long step = 1; step < n; step *= 2) {
      Tensor rest = y.narrow(1, step, n - step).mul(y.narrow(1, 0, n - step));
      y = Shaping.cat(List.of(y.narrow(1, 0, step), rest), 1);
    }
    return y;
  }

  /** The product of the elements after each of a row, in doubling steps. */
  private static Tensor after(Tensor x) {
    long n = x.size(1);
    Tensor y = Shaping.padConstant(x, 1, 0, 1).narrow(1, 1, n);
    for (long step = 1; step < n; step *= 2) {
      Tensor rest = y.narrow(1, 0, n - step).mul(y.narrow(1, step, n - step));
      y = Shaping.cat(List.of(rest, y.narrow(1, n - step, step)), 1);
    }
    return y;
  }

  /**
   * The variance.
   *
   * @param unbiased whether to divide by n - 1 rather than n
   */
  public static Tensor var(Tensor x, int[] dims, boolean unbiased, boolean keepdim) {
    return var(x, dims, unbiased ? 1 : 0, keepdim);
  }

  /**
   * The variance.
   *
   * @param correction what is taken from n in the divisor: 1 for the unbiased one (Bessel); where
   *     nothing is left of n the variance is infinite, or NaN if all elements are equal
   */
  public static Tensor var(Tensor x, int[] dims, int correction, boolean keepdim) {
    Check.floating("var", "input", x);
    boolean all = dims.length == 0 || x.dim() == 0;
    int[] axes = ShapeRules.axes("var", x, dims);
    double n = 1;
    for (int a : axes) {
      n *= x.size(a);
    }
    double degrees = n - correction;
    double share = n == 0 ? 0 : 1 / n;
    Tensor centred = NoGrad.run(() -> Elementwise.sub(x.detach(), centre(x.detach(), axes)));
    // The centre is rounded, so the distances from it have a sum that is not quite 0.
    Tensor rest = Elementwise.square(sum(centred, axes.clone(), true));
    Tensor squares = sum(Elementwise.square(centred), axes.clone(), true);
    Tensor y =
        Elementwise.div(
            Elementwise.sub(squares, Elementwise.mul(rest, share)), Math.max(0, degrees));
    Edge edge = Edge.of(x, dy -> varGrad(dy, distances(x, axes), degrees, all));
    return drop(Autograd.record("var", y, edge), axes, keepdim);
  }

  /** The distances from the mean, exact to the last digits where the mean is finite. */
  private static Tensor distances(Tensor x, int[] axes) {
    Tensor near = Elementwise.sub(x, NoGrad.run(() -> centre(x.detach(), axes)));
    Tensor exact = Elementwise.sub(near, mean(near, axes.clone(), true));
    Tensor mean = mean(x, axes.clone(), true);
    return Elementwise.where(Predicates.isfinite(mean), exact, Elementwise.sub(x, mean));
  }

  /** As PyTorch has it where nothing is left of n: one way over all elements, one over axes. */
  private static Tensor varGrad(Tensor dy, Tensor distances, double degrees, boolean all) {
    if (!all || degrees > 0) {
      return Elementwise.mul(Elementwise.mul(dy, 2 / degrees), distances);
    }
    Tensor infinite = Elementwise.constant(distances, Double.POSITIVE_INFINITY);
    Tensor none = Elementwise.logicalOr(distances.eq(0), Predicates.isnan(distances));
    return Elementwise.mul(dy, Elementwise.where(none, Double.NaN, infinite));
  }

  /** The mean, by distances from the first element: equal elements have exactly that as mean. */
  private static Tensor centre(Tensor x, int[] axes) {
    if (x.numel() == 0) {
      return mean(x, axes.clone(), true);
    }
    Tensor first = x;
    for (int a : axes) {
      first = first.narrow(a, 0, 1);
    }
    return Elementwise.add(first, mean(Elementwise.sub(x, first), axes.clone(), true));
  }

  /** The standard deviation; where it is 0 its gradient is 0. */
  public static Tensor std(Tensor x, int[] dims, boolean unbiased, boolean keepdim) {
    return std(x, dims, unbiased ? 1 : 0, keepdim);
  }

  /**
   * The standard deviation; where it is 0 its gradient is 0.
   *
   * @param correction what is taken from n in the divisor: 1 for the unbiased variance
   */
  public static Tensor std(Tensor x, int[] dims, int correction, boolean keepdim) {
    Tensor variance = var(x, dims, correction, keepdim);
    Tensor y = Elementwise.sqrt(variance.detach());
    return Autograd.record(
        "std",
        y,
        Edge.of(
            variance,
            dy -> {
              Tensor slope = Elementwise.div(dy, Elementwise.mul(y, 2));
              Tensor zero = Elementwise.constant(y, 0);
              return Elementwise.where(y.eq(0), zero, slope);
            }));
  }

  /** {@code ln(sum(e^x))}, shifted by the largest so that nothing overflows. */
  public static Tensor logsumexp(Tensor x, int[] dims, boolean keepdim) {
    Check.floating("logsumexp", "input", x);
    int[] axes = ShapeRules.axes("logsumexp", x, dims);
    if (x.numel() == 0) {
      return Elementwise.log(sum(Elementwise.exp(x), axes, keepdim));
    }
    Tensor m = reduce("logsumexp", ReduceOp.MAX, x.detach(), x.dtype(), axes);
    Tensor infinite = Elementwise.abs(m).eq(Double.POSITIVE_INFINITY);
    Tensor shift = Elementwise.where(infinite, Elementwise.constant(m, 0), m);
    Tensor s = sum(Elementwise.exp(Elementwise.sub(x, shift)), axes.clone(), true);
    return drop(Elementwise.add(Elementwise.log(s), shift), axes, keepdim);
  }

  /** PyTorch's older truth type: of UINT8 the answer is UINT8. */
  private static Tensor truth(Tensor x, Tensor y) {
    return x.dtype() == DType.UINT8 ? y.to(DType.UINT8) : y;
  }

  /** Whether any element is non-zero; BOOL, but UINT8 for UINT8. */
  public static Tensor any(Tensor x, int[] dims, boolean keepdim) {
    int[] axes = ShapeRules.axes("any", x, dims);
    return truth(x, drop(reduce("any", ReduceOp.ANY, x.detach(), DType.BOOL, axes), axes, keepdim));
  }

  /** Whether all elements are non-zero; BOOL, but UINT8 for UINT8. */
  public static Tensor all(Tensor x, int[] dims, boolean keepdim) {
    int[] axes = ShapeRules.axes("all", x, dims);
    return truth(x, drop(reduce("all", ReduceOp.ALL, x.detach(), DType.BOOL, axes), axes, keepdim));
  }

  /** The sum of squares of all elements, a scalar, in one pass over them. */
  public static Tensor sumSquares(Tensor x) {
    Check.floating("sum_squares", "input", x);
    int[] axes = ShapeRules.axes("sum_squares", x, new int[0]);
    if (axes.length == 0) {
      return Elementwise.square(x);
    }
    Tensor y = reduce("sum_squares", ReduceOp.SUM_SQUARES, x, x.dtype(), axes);
    Edge edge = Edge.of(x, dy -> Elementwise.mul(x, Elementwise.mul(dy, 2)));
    return drop(Autograd.record("sum_squares", y, edge), axes, false);
  }
}
