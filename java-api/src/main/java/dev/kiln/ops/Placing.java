package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.ScatterOp;
import java.util.Arrays;
import java.util.List;

/**
 * Picking and placing by several index tensors, by flat positions, by whole slices, and reducing.
 */
public final class Placing {
  private Placing() {}

  // ---- by flat positions ----------------------------------------------------------------------

  /** Elements of the flattened input; a negative index counts from the end. */
  public static Tensor take(Tensor x, Tensor index) {
    Tensor at = wrapped("take", index, x.numel());
    return Shaping.reshape(
        Shaping.reshape(x, -1).gather(0, Shaping.reshape(at, -1)), index.shape().dims());
  }

  /**
   * Elements picked along an axis by an index of the same rank, with broadcasting along the others.
   *
   * @param x the input
   * @param index integers
   * @param dim the axis
   */
  public static Tensor takeAlongDim(Tensor x, Tensor index, int dim) {
    int a = ShapeRules.axis("take_along_dim", x, dim);
    ShapeRules.require(
        x.dim() == index.dim(),
        () ->
            "[take_along_dim] input "
                + x.describe()
                + " and index "
                + index.describe()
                + " differ in rank");
    Shape others =
        ShapeRules.broadcast(
            "take_along_dim",
            x.shape().with(a, 1),
            index.shape().with(a, 1),
            x.describe(),
            index.describe());
    Tensor at = wrapped("take_along_dim", index, x.size(a));
    return Indexing.gather(
        Shaping.expand(x, others.with(a, x.size(a))),
        a,
        Shaping.expand(at, others.with(a, index.size(a))));
  }

  private static Tensor wrapped(String op, Tensor index, long size) {
    Tensor at = Check.index(op, "index", index);
    return Elementwise.where(at.lt(0), at.add(size), at);
  }

  // ---- by several indices ---------------------------------------------------------------------

  /**
   * Picks by one index tensor for each of the first axes, as Python's {@code x[i, j]}.
   *
   * @param x the input
   * @param indices integers, broadcast together; negative ones count from the end
   * @return [indices' shape..., the other axes...]
   */
  public static Tensor index(Tensor x, List<Tensor> indices) {
    Flat f = flat("index", x, indices);
    return Shaping.reshape(Indexing.indexSelect(f.rows(x), 0, f.at()), f.shape().dims());
  }

  /**
   * Puts values where {@link #index} would pick.
   *
   * @param x the input
   * @param indices as there
   * @param values broadcast to what would be picked, of x's type
   * @param accumulate whether they are added; else the last of several counts
   */
  public static Tensor indexPut(Tensor x, List<Tensor> indices, Tensor values, boolean accumulate) {
    Check.sameType("index_put", "input", x, "values", values);
    Flat f = flat("index_put", x, indices);
    ShapeRules.expandable("index_put", values, f.shape());
    Tensor rows = f.rows(x);
    Tensor src =
        Shaping.reshape(Shaping.expand(values, f.shape()), f.at().numel(), f.rest().numel());
    Tensor y =
        accumulate ? Indexing.indexAdd(rows, 0, f.at(), src) : indexCopy(rows, 0, f.at(), src);
    return Shaping.reshape(y, x.shape().dims());
  }

  /** Rows of the first axes merged, and which of them are meant. */
  private record Flat(Tensor at, Shape shape, Shape rest, long count) {
    Tensor rows(Tensor x) {
      return Shaping.reshape(x, count, rest.numel());
    }
  }

  private static Flat flat(String op, Tensor x, List<Tensor> indices) {
    int k = indices.size();
    ShapeRules.require(
        k >= 1 && k <= x.dim(),
        () ->
            "["
                + op
                + "] "
                + k
                + " indices must be one for each of the first axes of "
                + x.describe());
    Shape shape = indices.get(0).shape();
    for (Tensor i : indices) {
      shape = ShapeRules.broadcast(op, shape, i.shape(), "index " + shape, i.describe());
    }
    long count = 1;
    Tensor at = Tensor.zeros(shape, DType.INT64, x.device());
    for (int a = k - 1; a >= 0; a--) {
      // Looked up in a table of steps, so that an index outside its axis is found.
      Tensor steps = Tensor.arange(x.size(a), x.device()).mul(count);
      Tensor one = Shaping.reshape(wrapped(op, indices.get(a), x.size(a)), -1);
      Tensor part = Shaping.reshape(steps.gather(0, one), indices.get(a).shape().dims());
      at = at.add(part);
      count *= x.size(a);
    }
    long[] dims = x.shape().dims();
    Shape rest = Shape.of(Arrays.copyOfRange(dims, k, dims.length));
    long[] all = Arrays.copyOf(shape.dims(), shape.rank() + rest.rank());
    System.arraycopy(rest.dims(), 0, all, shape.rank(), rest.rank());
    return new Flat(Shaping.reshape(at, -1), Shape.of(all), rest, count);
  }

  // ---- by whole slices ------------------------------------------------------------------------

  /**
   * Replaces whole slices by a number.
   *
   * @param x the input
   * @param dim the axis
   * @param index integers, a vector
   * @param value the number
   */
  public static Tensor indexFill(Tensor x, int dim, Tensor index, double value) {
    int a = ShapeRules.axis("index_fill", x, dim);
    Tensor at = wrapped("index_fill", index, x.dim() == 0 ? 1 : x.size(a));
    Tensor v = Tensor.scalar(value, x.dtype(), x.device());
    if (x.dim() == 0) {
      return index.numel() == 0 ? x.copy() : v;
    }
    Tensor slices = Indexing.slices("index_fill", at, a, x.shape());
    return Indexing.scatter(x, a, slices, Shaping.expand(v, slices.shape()));
  }

  /**
   * Replaces whole slices; of several for one place the last counts.
   *
   * @param x the input
   * @param dim the axis
   * @param index integers, a vector: where each slice goes
   * @param src the slices, of x's shape but for the axis
   */
  public static Tensor indexCopy(Tensor x, int dim, Tensor index, Tensor src) {
    int a = ShapeRules.axis("index_copy", x, dim);
    Tensor slices = Indexing.slices("index_copy", index, a, x.shape());
    ShapeRules.require(
        src.shape().equals(slices.shape()),
        () -> "[index_copy] src " + src.describe() + " must be " + slices.shape());
    return Indexing.scatter(x, a, slices, src);
  }

  /** Puts a number into a copy of x along an axis; see {@link Indexing#scatter}. */
  public static Tensor scatter(Tensor x, int dim, Tensor index, double value) {
    Tensor v = Tensor.scalar(value, x.dtype(), x.device());
    return Indexing.scatter(x, dim, index, Shaping.expand(v, index.shape()));
  }

  // ---- reducing -------------------------------------------------------------------------------

  /** How elements of one place are reduced. */
  public enum Reduce {
    /** Their sum. */
    SUM,
    /** Their product. */
    PROD,
    /** Their mean; of integers rounded down. */
    MEAN,
    /** The largest. */
    AMAX,
    /** The smallest. */
    AMIN
  }

  /**
   * Reduces the elements of src that have one place along an axis; places without any keep what x
   * has there. Of equal extremes each gets an even share of the gradient.
   *
   * @param x the input
   * @param dim the axis
   * @param index integers of x's rank, along other axes no longer than x
   * @param src as long as index along each axis, or longer; of x's type
   * @param reduce how
   * @param includeSelf whether what x has there takes part
   */
  public static Tensor scatterReduce(
      Tensor x, int dim, Tensor index, Tensor src, Reduce reduce, boolean includeSelf) {
    String name = "scatter_reduce";
    Check.sameType(name, "input", x, "src", src);
    int a = ShapeRules.axis(name, x, dim);
    if (x.dim() == 0) {
      return Shaping.reshape(scatterReduce(one(x), 0, one(index), one(src), reduce, includeSelf));
    }
    Tensor at = Check.index(name, "index", index);
    Tensor values = Indexing.front(src, index);
    Tensor own = includeSelf ? x : Placing.scatter(x, a, at, identity(reduce, x.dtype()));
    return switch (reduce) {
      case SUM -> Indexing.scatterAdd(own, a, at, values);
      case MEAN -> mean(own, a, at, values, includeSelf);
      case PROD -> product(own, a, at, values);
      case AMAX -> extreme(ScatterOp.MAX, own, a, at, values);
      case AMIN -> extreme(ScatterOp.MIN, own, a, at, values);
    };
  }

  private static Tensor one(Tensor x) {
    return x.dim() == 0 ? Shaping.reshape(x, 1) : x;
  }

  private static double identity(Reduce reduce, DType dtype) {
    return switch (reduce) {
      case SUM, MEAN -> 0;
      case PROD -> 1;
      case AMAX -> dtype.isFloating() ? Double.NEGATIVE_INFINITY : least(dtype);
      case AMIN -> dtype.isFloating() ? Double.POSITIVE_INFINITY : -1 - least(dtype);
    };
  }

  private static double least(DType dtype) {
    return switch (dtype) {
      case INT32 -> Integer.MIN_VALUE;
      case INT64 -> Long.MIN_VALUE;
      default -> 0;
    };
  }

  private static Tensor mean(Tensor own, int a, Tensor at, Tensor src, boolean includeSelf) {
    Tensor sum = Indexing.scatterAdd(own, a, at, src);
    DType type = own.dtype().isFloating() ? own.dtype() : DType.INT64;
    Tensor start = Tensor.full(own.shape(), includeSelf ? 1 : 0, type, own.device());
    Tensor ones = Tensor.ones(at.shape(), type, own.device());
    Tensor count = Indexing.scatterAdd(start, a, at, ones).clamp(1, Double.POSITIVE_INFINITY);
    return own.dtype().isFloating()
        ? sum.div(count)
        : Division.floorDivide(sum, count.to(own.dtype()));
  }

  private static Tensor raw(ScatterOp op, Tensor x, int a, Tensor at, Tensor src) {
    Tensor y = Shaping.denseCopy(x);
    Tensor from = Check.dense("scatter_reduce", "src", src);
    Check.backend("scatter_reduce", x, at, src).scatter(op, y.view(), from.view(), at.view(), a);
    return y;
  }

  private static Tensor product(Tensor x, int a, Tensor at, Tensor src) {
    Tensor y = raw(ScatterOp.PROD, x, a, at, src);
    return Autograd.record(
        "scatter_reduce",
        y,
        Edge.of(x, dy -> others(x, a, at, src, x, dy, false)),
        Edge.of(src, dy -> others(x, a, at, src, src, dy, true)));
  }

  /** dy times the product of the other factors, right even where one of them is 0. */
  private static Tensor others(
      Tensor x, int a, Tensor at, Tensor src, Tensor mine, Tensor dy, boolean picked) {
    Tensor zero = Tensor.scalar(0, x.dtype(), x.device());
    Tensor rest = product(nonzero(x), a, at, nonzero(src));
    Tensor zeros = Indexing.scatterAdd(x.eq(0).to(DType.INT64), a, at, src.eq(0).to(DType.INT64));
    Tensor r = picked ? Indexing.gather(rest, a, at) : rest;
    Tensor z = picked ? Indexing.gather(zeros, a, at) : zeros;
    Tensor g = picked ? Indexing.gather(dy, a, at) : dy;
    Tensor whole = Elementwise.where(z.eq(0), r.div(nonzero(mine)), zero);
    Tensor alone = Elementwise.logicalAnd(z.eq(1), mine.eq(0));
    return g.mul(Elementwise.where(alone, r, whole));
  }

  private static Tensor nonzero(Tensor x) {
    return Elementwise.where(x.eq(0), 1, x);
  }

  private static Tensor extreme(ScatterOp op, Tensor x, int a, Tensor at, Tensor src) {
    Tensor y = raw(op, x, a, at, src);
    return Autograd.record(
        "scatter_reduce",
        y,
        Edge.of(x, dy -> share(x, a, at, src, y, dy).mul(Elementwise.eq(x, y).to(dy.dtype()))),
        Edge.of(
            src,
            dy ->
                Indexing.gather(share(x, a, at, src, y, dy), a, at)
                    .mul(hits(src, a, at, y).to(dy.dtype()))));
  }

  private static Tensor hits(Tensor src, int a, Tensor at, Tensor y) {
    return Elementwise.eq(src, Indexing.gather(y, a, at));
  }

  private static Tensor share(Tensor x, int a, Tensor at, Tensor src, Tensor y, Tensor dy) {
    Tensor own = Elementwise.eq(x, y).to(dy.dtype());
    Tensor count = Indexing.scatterAdd(own, a, at, hits(src, a, at, y).to(dy.dtype()));
    return dy.div(count.clamp(1, Double.POSITIVE_INFINITY));
  }
}
