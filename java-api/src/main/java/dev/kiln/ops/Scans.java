package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.ScanOp;

/**
 * Ops that combine each element along an axis with all before it. They run over the axis in order,
 * in double precision, so results are the same on every run; see {@link
 * dev.kiln.backend.Backend#scan}.
 */
public final class Scans {
  private Scans() {}

  /** Runs over an axis; a scalar counts as a vector of one. */
  private static Tensor scan(String name, ScanOp op, Tensor input, int axis) {
    Tensor x = Check.dense(name, "input", input);
    DType dtype = op.isPosition() ? DType.INT64 : x.dtype();
    Tensor y = Tensor.empty(x.shape(), dtype, x.device());
    boolean scalar = x.dim() == 0;
    Check.backend(name, x)
        .scan(
            op,
            scalar ? y.view().unsqueeze(0) : y.view(),
            scalar ? x.view().unsqueeze(0) : x.view(),
            axis);
    return y;
  }

  private static Tensor summable(Tensor x) {
    return x.dtype().isFloating() ? x : x.to(DType.INT64);
  }

  /**
   * The sums of all elements up to and with each, along an axis. Integers and BOOL are summed as
   * INT64.
   */
  public static Tensor cumsum(Tensor x, int dim) {
    int a = ShapeRules.axis("cumsum", x, dim);
    Tensor y = scan("cumsum", ScanOp.SUM, summable(x), a);
    return Autograd.record("cumsum", y, Edge.of(x, dy -> fromTheEnd(dy, a)));
  }

  /** The sums of all elements from each to the end. */
  private static Tensor fromTheEnd(Tensor x, int axis) {
    return x.dim() == 0 ? x : Rearranging.flip(cumsum(Rearranging.flip(x, axis), axis), axis);
  }

  /**
   * The products of all elements up to and with each, along an axis. Integers and BOOL are
   * multiplied as INT64.
   */
  public static Tensor cumprod(Tensor x, int dim) {
    int a = ShapeRules.axis("cumprod", x, dim);
    Tensor y = scan("cumprod", ScanOp.PROD, summable(x), a);
    return Autograd.record("cumprod", y, Edge.of(x, dy -> cumprodGrad(x, dy, a)));
  }

  /**
   * Each element's gradient is the sum over all later products of dy times the product without it.
   * Up to the first 0 that is {@code sum(dy y) / x}; at the first 0, the same with a 1 in its
   * place; behind it nothing. Where the gradient is recorded, no division is used.
   */
  private static Tensor cumprodGrad(Tensor x, Tensor dy, int a) {
    if (x.dim() == 0 || x.size(a) == 1) {
      return dy;
    }
    if (NoGrad.isRecording()) {
      return cumprodSlope(x, dy, a);
    }
    Tensor zero = Tensor.scalar(0, x.dtype(), x.device());
    Tensor none = Elementwise.eq(x, zero);
    Tensor seen = cumsum(none, a);
    Tensor before = seen.eq(0);
    Tensor first = Elementwise.logicalAnd(none, seen.eq(1));
    Tensor one = Tensor.scalar(1, x.dtype(), x.device());
    // The products with a 1 in the place of the first 0, from that place to the next 0.
    Tensor filled = cumprod(Elementwise.where(first, one, x), a);
    Tensor y = Elementwise.where(before, filled, zero);
    Tensor onward = Elementwise.where(before, zero, filled);
    Tensor left = fromTheEnd(Elementwise.mul(dy, y), a).div(Elementwise.where(none, one, x));
    Tensor there = fromTheEnd(Elementwise.mul(dy, onward), a);
    return Elementwise.where(before, left, Elementwise.where(first, there, zero));
  }

  /** The same without division: one row for each element, with a 1 in its place. */
  private static Tensor cumprodSlope(Tensor x, Tensor dy, int a) {
    long n = x.size(a);
    Tensor rows = Shaping.unsqueeze(Shaping.transpose(x, a, -1), -2);
    Tensor at = Tensor.arange(n, x.device());
    Tensor mine = Shaping.unsqueeze(at, 1).eq(at);
    Tensor later = Elementwise.ge(at, Shaping.unsqueeze(at, 1));
    Tensor one = Tensor.scalar(1, x.dtype(), x.device());
    Tensor zero = Tensor.scalar(0, x.dtype(), x.device());
    Tensor others = cumprod(Elementwise.where(mine, one, rows), -1);
    Tensor slopes = Elementwise.where(later, others, zero);
    Tensor g = Shaping.unsqueeze(Shaping.transpose(dy, a, -1), -2);
    return Shaping.transpose(Elementwise.mul(slopes, g).sum(-1), a, -1);
  }

  /**
   * Running extremes and where they stand.
   *
   * @param values the extremes
   * @param indices their positions along the axis, INT64; of equal ones the last
   */
  public record Running(Tensor values, Tensor indices) {}

  /** The largest element up to and with each, along an axis; a NaN counts as largest. */
  public static Running cummax(Tensor x, int dim) {
    return running("cummax", ScanOp.ARGMAX, x, dim);
  }

  /** The smallest element up to and with each, along an axis; a NaN counts as smallest. */
  public static Running cummin(Tensor x, int dim) {
    return running("cummin", ScanOp.ARGMIN, x, dim);
  }

  private static Running running(String name, ScanOp op, Tensor x, int dim) {
    int a = ShapeRules.axis(name, x, dim);
    Tensor index = scan(name, op, x.detach(), a);
    return new Running(Indexing.gather(x, a, index), index);
  }

  /** {@code ln(sum(e^x))} of all elements up to and with each, along an axis, without overflow. */
  public static Tensor logcumsumexp(Tensor x, int dim) {
    Check.floating("logcumsumexp", "input", x);
    int a = ShapeRules.axis("logcumsumexp", x, dim);
    Tensor y = scan("logcumsumexp", ScanOp.LOGSUMEXP, x, a);
    return Autograd.record(
        "logcumsumexp",
        y,
        Edge.of(
            x,
            dy -> {
              if (NoGrad.isRecording()) {
                return logcumsumexpSlope(x, dy, a);
              }
              // sum(dy e^(x - y)) in logarithms, for the sum of e^-y alone may overflow.
              Tensor zero = Tensor.scalar(0, dy.dtype(), dy.device());
              Tensor up = share(x, logcumsumexp(x, a), Elementwise.maximum(dy, zero), a);
              Tensor down = share(x, logcumsumexp(x, a), Elementwise.maximum(dy.neg(), zero), a);
              return up.sub(down);
            }));
  }

  /** The same with one row for each element; no exponent is above 0. */
  private static Tensor logcumsumexpSlope(Tensor x, Tensor dy, int a) {
    if (x.dim() == 0) {
      return dy;
    }
    Tensor at = Tensor.arange(x.size(a), x.device());
    Tensor later = Elementwise.ge(at, Shaping.unsqueeze(at, 1));
    Tensor from = Shaping.unsqueeze(Shaping.transpose(x, a, -1), -1);
    Tensor to = Shaping.unsqueeze(Shaping.transpose(logcumsumexp(x, a), a, -1), -2);
    Tensor slopes = Elementwise.where(later, from.sub(to), Double.NEGATIVE_INFINITY).exp();
    Tensor g = Shaping.unsqueeze(Shaping.transpose(dy, a, -1), -2);
    return Shaping.transpose(Elementwise.mul(slopes, g).sum(-1), a, -1);
  }

  private static Tensor share(Tensor x, Tensor y, Tensor dy, int a) {
    if (x.dim() == 0) {
      return dy;
    }
    Tensor terms = Rearranging.flip(dy.log().sub(y), a);
    return Rearranging.flip(logcumsumexp(terms, a), a).add(x).exp();
  }

  /**
   * The differences of neighbours along an axis, n times over; of BOOL, whether they differ.
   *
   * @param x the input
   * @param n how often
   * @param dim the axis, which becomes n shorter
   */
  public static Tensor diff(Tensor x, int n, int dim) {
    ShapeRules.require(x.dim() > 0, "[diff] a scalar has no neighbours");
    ShapeRules.require(n >= 0, () -> "[diff] order " + n + " must be 0 or more");
    int a = ShapeRules.axis("diff", x, dim);
    Tensor y = x;
    for (int i = 0; i < n; i++) {
      long length = Math.max(0, y.size(a) - 1);
      Tensor next = y.narrow(a, y.size(a) - length, length);
      Tensor here = y.narrow(a, 0, length);
      y = x.dtype() == DType.BOOL ? Elementwise.ne(next, here) : next.sub(here);
    }
    return y == x ? x.copy() : y;
  }
}
