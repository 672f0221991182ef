package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.Optional;

/** Medians, quantiles and other statistics along axes, and counts of values. */
public final class Statistics {
  private Statistics() {}

  /**
   * Elements picked along an axis, and where they stood.
   *
   * @param values the elements
   * @param indices their positions, INT64
   */
  public record Picked(Tensor values, Tensor indices) {}

  /** Two results of one op. */
  public record Pair(Tensor first, Tensor second) {}

  private static Picked at(Tensor x, int axis, Tensor index, boolean keepdim) {
    Tensor values = Indexing.gather(x, axis, index);
    return keepdim
        ? new Picked(values, index)
        : new Picked(Shaping.squeeze(values, axis), Shaping.squeeze(index, axis));
  }

  private static void notEmpty(String name, Tensor x, int axis) {
    ShapeRules.require(
        x.dim() == 0 || x.size(axis) > 0,
        () -> "[" + name + "] axis " + axis + " of " + x.describe() + " is empty");
  }

  private static Picked scalar(Tensor x) {
    return new Picked(x, Tensor.scalar(0, DType.INT64, x.device()));
  }

  /**
   * The k-th smallest along an axis; a NaN counts as largest.
   *
   * @param x the input
   * @param k from 1
   * @param dim the axis
   * @param keepdim whether the axis stays with size 1
   */
  public static Picked kthvalue(Tensor x, int k, int dim, boolean keepdim) {
    int a = ShapeRules.axis("kthvalue", x, dim);
    long n = x.dim() == 0 ? 1 : x.size(a);
    ShapeRules.require(
        k >= 1 && k <= n,
        () -> "[kthvalue] k " + k + " must be 1 to the " + n + " elements of axis " + a);
    if (x.dim() == 0) {
      return scalar(x);
    }
    Tensor order = Sorting.topk(x.detach(), k, a, false).indices();
    return at(x, a, order.narrow(a, k - 1, 1), keepdim);
  }

  /** The median along an axis, of an even number the lower; NaN if any is NaN. */
  public static Picked median(Tensor x, int dim, boolean keepdim) {
    return middle("median", x, dim, keepdim, false);
  }

  /**
   * The median of all elements, of an even number the lower; NaN if any is NaN, or if there is
   * none. Equal ones share the gradient evenly.
   */
  public static Tensor median(Tensor x) {
    return middleOfAll("median", x, false);
  }

  /** The median of what is not NaN along an axis, of an even number the lower. */
  public static Picked nanmedian(Tensor x, int dim, boolean keepdim) {
    return middle("nanmedian", x, dim, keepdim, true);
  }

  /**
   * The median of all elements that are not NaN, of an even number the lower; NaN if there is none.
   * Equal ones share the gradient evenly.
   */
  public static Tensor nanmedian(Tensor x) {
    return middleOfAll("nanmedian", x, true);
  }

  private static Tensor middleOfAll(String name, Tensor x, boolean skipNan) {
    Tensor all = Shaping.reshape(x.detach(), -1);
    boolean none = all.numel() == 0 && x.dtype().isFloating();
    return Reductions.evenly(
        name,
        x,
        none
            ? Tensor.scalar(Double.NaN, x.dtype(), x.device())
            : middle(name, all, 0, false, skipNan).values());
  }

  private static Picked middle(String name, Tensor x, int dim, boolean keepdim, boolean skipNan) {
    int a = ShapeRules.axis(name, x, dim);
    notEmpty(name, x, a);
    if (x.dim() == 0) {
      return scalar(x);
    }
    Tensor order = Sorting.sort(x.detach(), a, false).indices();
    long n = x.size(a);
    long half = (n - 1) / 2;
    if (!x.dtype().isFloating()) {
      return at(x, a, order.narrow(a, half, 1), keepdim);
    }
    Tensor numbers = Predicates.logicalNot(Predicates.isnan(x)).sum(new int[] {a}, true);
    Tensor place =
        skipNan
            ? Division.floorDivide(numbers.sub(1).clamp(0, n), 2)
            : Elementwise.where(numbers.eq(n), half, numbers);
    return at(x, a, order.gather(a, place), keepdim);
  }

  /** The most frequent value along an axis, of several the smallest, at its last position. */
  public static Picked mode(Tensor x, int dim, boolean keepdim) {
    int a = ShapeRules.axis("mode", x, dim);
    notEmpty("mode", x, a);
    if (x.dim() == 0) {
      return scalar(x);
    }
    Sorting.Sorted sorted = Sorting.sort(x.detach(), a, false);
    long n = x.size(a);
    Tensor at = positions(x, a);
    Tensor v = sorted.values();
    Tensor begins =
        Shaping.padConstant(
            Elementwise.ne(v.narrow(a, 1, n - 1), v.narrow(a, 0, n - 1)), 1, before(x, a));
    Tensor start = Scans.cummax(Elementwise.where(begins, at, 0), a).values();
    Tensor end = Reductions.argmax(at.sub(start), a, true);
    return at(x, a, sorted.indices().gather(a, end), keepdim);
  }

  /** The positions along an axis, shaped to broadcast with x. */
  private static Tensor positions(Tensor x, int axis) {
    long[] dims = new long[x.dim()];
    java.util.Arrays.fill(dims, 1);
    dims[axis] = x.size(axis);
    return Tensor.arange(x.size(axis), x.device()).reshape(dims);
  }

  /** Padding by one before an axis. */
  private static int[] before(Tensor x, int axis) {
    int[] pad = new int[2 * (x.dim() - axis)];
    pad[pad.length - 2] = 1;
    return pad;
  }

  /** How a quantile between two elements is found. */
  public enum Interpolation {
    /** On the line between them. */
    LINEAR,
    /** The lower of them. */
    LOWER,
    /** The higher of them. */
    HIGHER,
    /** The nearer of them; half way, the one of even rank. */
    NEAREST,
    /** Their mean. */
    MIDPOINT
  }

  /**
   * The quantile along an axis; NaN if any is NaN.
   *
   * @param x FLOAT32 or FLOAT64
   * @param q 0 .. 1
   * @param dim the axis
   * @param keepdim whether the axis stays with size 1
   * @param between what counts between two elements; PyTorch's default is LINEAR
   */
  public static Tensor quantile(
      Tensor x, double q, int dim, boolean keepdim, Interpolation between) {
    Check.floating("quantile", "input", x);
    ShapeRules.require(q >= 0 && q <= 1, () -> "[quantile] q " + q + " must be between 0 and 1");
    int a = ShapeRules.axis("quantile", x, dim);
    notEmpty("quantile", x, a);
    if (x.dim() == 0) {
      return x;
    }
    Tensor sorted = Sorting.sort(x, a, false).values();
    long n = x.size(a);
    double rank = q * (n - 1);
    long low = (long) Math.floor(rank);
    long high = (long) Math.ceil(rank);
    Tensor below = sorted.narrow(a, low, 1);
    Tensor above = sorted.narrow(a, high, 1);
    Tensor y =
        switch (between) {
          case LINEAR -> Elementwise.lerp(below, above, rank - low);
          case LOWER -> below;
          case HIGHER -> above;
          case NEAREST -> sorted.narrow(a, (long) Math.rint(rank), 1);
          case MIDPOINT -> Elementwise.lerp(below, above, 0.5);
        };
    // NaN stand last.
    Tensor last = sorted.narrow(a, n - 1, 1);
    Tensor found = Elementwise.where(Predicates.isnan(last), last, y);
    return keepdim ? found : Shaping.squeeze(found, a);
  }

  /** The standard deviation and the mean; see {@link Reductions#std}. */
  public static Pair stdMean(Tensor x, int[] dims, int correction, boolean keepdim) {
    return new Pair(
        Reductions.std(x, dims.clone(), correction, keepdim), Reductions.mean(x, dims, keepdim));
  }

  /** The variance and the mean; see {@link Reductions#var}. */
  public static Pair varMean(Tensor x, int[] dims, int correction, boolean keepdim) {
    return new Pair(
        Reductions.var(x, dims.clone(), correction, keepdim), Reductions.mean(x, dims, keepdim));
  }

  /** The smallest and the largest over some axes; equal ones share the gradient evenly. */
  public static Pair aminmax(Tensor x, int[] dims, boolean keepdim) {
    return new Pair(Reductions.amin(x, dims.clone(), keepdim), Reductions.amax(x, dims, keepdim));
  }

  /** How many elements are other than 0, INT64. */
  public static Tensor countNonzero(Tensor x, int[] dims) {
    return Reductions.sum(x.detach().ne(0), dims, false);
  }

  /** The sum of what is not NaN. */
  public static Tensor nansum(Tensor x, int[] dims, boolean keepdim) {
    return Reductions.sum(Elementwise.where(Predicates.isnan(x), 0, x), dims, keepdim);
  }

  /** The mean of what is not NaN; NaN where nothing is. */
  public static Tensor nanmean(Tensor x, int[] dims, boolean keepdim) {
    Check.floating("nanmean", "input", x);
    Tensor counted = Predicates.logicalNot(Predicates.isnan(x));
    return nansum(x, dims.clone(), keepdim)
        .div(Reductions.sum(counted, dims, keepdim).to(x.dtype()));
  }

  /**
   * How often each number 0, 1, ... occurs. Reads the largest, so it waits for the device.
   *
   * @param x integers of 0 or more, a vector
   * @param weights what each counts, of x's shape; 1 if not given
   * @param minlength the least number of counts
   * @return INT64 counts, or sums of weights: FLOAT32 of FLOAT32, else FLOAT64
   */
  public static Tensor bincount(Tensor x, Optional<Tensor> weights, int minlength) {
    ShapeRules.rank("bincount", "input", x, 1, "a vector");
    Tensor at = Check.index("bincount", "input", x);
    long most = x.numel() == 0 ? 0 : (long) at.amax().item() + 1;
    Tensor w =
        weights
            .map(t -> t.dtype() == DType.FLOAT32 ? t : t.to(DType.FLOAT64))
            .orElseGet(() -> Tensor.ones(at.shape(), DType.INT64, x.device()));
    ShapeRules.same("bincount", "input", x, "weights", w);
    Tensor none = Tensor.zeros(Shape.of(Math.max(most, minlength)), w.dtype(), x.device());
    return Indexing.scatterAdd(none, 0, at, w.detach());
  }

  /**
   * How many elements fall into each of equal bins from min to max; others and NaN are left out.
   *
   * @param x floating
   * @param bins how many bins
   * @param min the lower end; the smallest element if min equals max
   * @param max the upper end, which belongs to the last bin
   * @return [bins], of x's type
   */
  public static Tensor histc(Tensor x, int bins, double min, double max) {
    Check.floating("histc", "input", x);
    ShapeRules.require(bins > 0, () -> "[histc] bins " + bins + " must be 1 or more");
    ShapeRules.require(min <= max, () -> "[histc] min " + min + " is above max " + max);
    Tensor v = Shaping.reshape(x.detach(), -1);
    boolean own = min == max && v.numel() > 0;
    Tensor low = own ? v.amin() : Tensor.scalar(min, x.dtype(), x.device());
    Tensor high = own ? v.amax() : Tensor.scalar(max, x.dtype(), x.device());
    Tensor flat = Elementwise.eq(low, high);
    low = Elementwise.where(flat, low.sub(1), low);
    high = Elementwise.where(flat, high.add(1), high);
    Tensor inside = Elementwise.logicalAnd(Elementwise.ge(v, low), Elementwise.le(v, high));
    Tensor share = v.sub(low).div(high.sub(low)).mul(bins);
    Tensor bin = Elementwise.where(inside, share, 0).to(DType.INT64).clamp(0, bins - 1);
    Tensor none = Tensor.zeros(Shape.of(bins), x.dtype(), x.device());
    return Indexing.scatterAdd(none, 0, bin, inside.to(x.dtype()));
  }
}
