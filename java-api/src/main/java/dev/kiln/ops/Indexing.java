package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.ScatterOp;
import dev.kiln.backend.View;
import java.util.OptionalLong;

/** Picking elements by index and adding them back; repeated indices add up in a fixed order. */
public final class Indexing {
  private Indexing() {}

  /**
   * Picks elements along an axis: {@code y[i][j] = x[i][index[i][j]]} for axis 1.
   *
   * @param x the input
   * @param dim the axis
   * @param index integers, of x's rank; other axes may be shorter than x's
   * @return picked elements, of index's shape
   * @throws dev.kiln.IndexException if an index is outside the axis
   */
  public static Tensor gather(Tensor x, int dim, Tensor index) {
    int a = ShapeRules.axis("gather", x, dim);
    if (x.dim() == 0 && index.dim() == 0) {
      return Shaping.reshape(gather(Shaping.reshape(x, 1), 0, Shaping.reshape(index, 1)));
    }
    ShapeRules.require(
        x.dim() == index.dim(),
        () ->
            "[gather] input "
                + x.describe()
                + " and index "
                + index.describe()
                + " differ in rank");
    Tensor whole = x;
    for (int i = 0; i < x.dim(); i++) {
      if (i != a) {
        ShapeRules.require(
            index.size(i) <= x.size(i),
            "[gather] index "
                + index.describe()
                + " is larger than input "
                + x.describe()
                + " at axis "
                + i);
        if (index.size(i) < x.size(i)) {
          whole = Shaping.narrow(whole, i, 0, index.size(i));
        }
      }
    }
    return pick(whole, a, index, (out, in, at) -> x.device().backend().gather(out, in, at, a));
  }

  /** How elements are picked: out = in at the indices. */
  interface Pick {
    void run(View out, View in, View index);
  }

  /** Picks elements along an axis, the only one at which the sizes may differ. */
  static Tensor pick(Tensor input, int axis, Tensor index, Pick how) {
    Tensor x = Check.dense("gather", "input", input);
    Tensor at = Check.index("gather", "index", index);
    Check.backend("gather", x, at);
    Tensor y = Tensor.empty(at.shape(), x.dtype(), x.device());
    how.run(y.view(), x.view(), at.view());
    return Autograd.record(
        "gather", y, Edge.of(input, dy -> placed(zerosLike(input, dy), axis, at, dy)));
  }

  private static Tensor zerosLike(Tensor x, Tensor dy) {
    return Tensor.zeros(x.shape(), dy.dtype(), dy.device());
  }

  /**
   * Adds elements into a copy of x along an axis: {@code y[i][index[i][j]] += src[i][j]} for axis
   * 1.
   *
   * @param x what is added to
   * @param dim the axis
   * @param index integers, of x's rank, along other axes no longer than x
   * @param src what is added, as long as index along each axis, or longer
   * @throws dev.kiln.IndexException if an index is outside the axis
   */
  public static Tensor scatterAdd(Tensor x, int dim, Tensor index, Tensor src) {
    int a = ShapeRules.axis("scatter_add", x, dim);
    if (x.dim() == 0 && index.dim() == 0 && src.dim() == 0) {
      return Shaping.reshape(scatterAdd(one(x), 0, one(index), one(src)));
    }
    block("scatter_add", x, a, index, src);
    Check.backend("scatter_add", x, index, src);
    Check.sameType("scatter_add", "input", x, "src", src);
    Tensor values = front(src, index);
    Shape block = index.shape().with(a, x.size(a));
    if (block.equals(x.shape())) {
      return addInto(x, a, index, values);
    }
    Tensor placed = addInto(Tensor.zeros(block, x.dtype(), x.device()), a, index, values);
    return Elementwise.add(x, Shaping.padConstant(placed, 0, missing(x, block)));
  }

  /** Demands that index and src fit x, but for the axis along which the index points. */
  private static void block(String op, Tensor x, int axis, Tensor index, Tensor src) {
    boolean fits = x.dim() == index.dim() && src.dim() == index.dim();
    for (int i = 0; fits && i < x.dim(); i++) {
      fits = index.size(i) <= src.size(i) && (i == axis || index.size(i) <= x.size(i));
    }
    ShapeRules.require(
        fits,
        () ->
            "["
                + op
                + "] index "
                + index.describe()
                + " must have the rank of input "
                + x.describe()
                + " and src "
                + src.describe()
                + " and be no longer than them along axes other than "
                + axis);
  }

  /** The part of src that index covers. */
  static Tensor front(Tensor src, Tensor index) {
    Tensor values = src;
    for (int i = 0; i < src.dim(); i++) {
      values = index.size(i) < src.size(i) ? values.narrow(i, 0, index.size(i)) : values;
    }
    return values;
  }

  /** How much a block lacks behind each axis of x, as padding lists it. */
  private static int[] missing(Tensor x, Shape block) {
    int[] pad = new int[2 * x.dim()];
    for (int i = 0; i < x.dim(); i++) {
      pad[2 * (x.dim() - 1 - i) + 1] = Math.toIntExact(x.size(i) - block.dim(i));
    }
    return pad;
  }

  private static Tensor addInto(Tensor x, int a, Tensor index, Tensor src) {
    Tensor at = Check.index("scatter_add", "index", index);
    Tensor y = Shaping.denseCopy(x);
    add(y, a, at, src);
    return Autograd.record(
        "scatter_add", y, Edge.of(x, dy -> dy), Edge.of(src, dy -> gather(dy, a, at)));
  }

  /** As {@link #addInto}, into fresh zeros themselves. */
  private static Tensor placed(Tensor zeros, int a, Tensor at, Tensor src) {
    add(zeros, a, at, src);
    return Autograd.record("scatter_add", zeros, Edge.of(src, dy -> gather(dy, a, at)));
  }

  private static void add(Tensor y, int a, Tensor at, Tensor src) {
    y.device()
        .backend()
        .scatterAdd(y.view(), Check.dense("scatter_add", "src", src).view(), at.view(), a);
  }

  /**
   * Picks whole slices along an axis.
   *
   * @param x the input
   * @param dim the axis
   * @param index integers, a vector or one number
   * @return x with the axis replaced by the picked slices
   */
  public static Tensor indexSelect(Tensor x, int dim, Tensor index) {
    int a = ShapeRules.axis("index_select", x, dim);
    if (x.dim() == 0) {
      return Shaping.reshape(indexSelect(one(x), 0, index));
    }
    if (index.dim() == 0) {
      return indexSelect(x, dim, one(index));
    }
    ShapeRules.rank("index_select", "index", index, 1, "a vector");
    return selected(x, a, Check.index("index_select", "index", index));
  }

  private static Tensor selected(Tensor input, int axis, Tensor at) {
    Tensor x = Check.dense("index_select", "input", input);
    Check.backend("index_select", x, at);
    Tensor y = Tensor.empty(x.shape().with(axis, at.size(0)), x.dtype(), x.device());
    x.device().backend().fused().gatherSlices(y.view(), x.view(), at.view(), axis);
    return Autograd.record(
        "index_select", y, Edge.of(input, dy -> addedSlices(zerosLike(input, dy), axis, at, dy)));
  }

  /** Adds slices into fresh zeros themselves. */
  private static Tensor addedSlices(Tensor zeros, int axis, Tensor at, Tensor src) {
    addSlices(zeros, axis, at, src);
    return Autograd.record("index_add", zeros, Edge.of(src, dy -> selected(dy, axis, at)));
  }

  private static void addSlices(Tensor y, int axis, Tensor at, Tensor src) {
    View from = Check.dense("index_add", "src", src).view();
    y.device().backend().fused().scatterAddSlices(y.view(), from, at.view(), axis);
  }

  /** An index vector shaped to pick whole slices of a shape along an axis. */
  static Tensor slices(String op, Tensor index, int axis, Shape shape) {
    ShapeRules.rank(op, "index", index, 1, "a vector");
    Tensor at = index;
    for (int i = 0; i < shape.rank(); i++) {
      if (i < axis) {
        at = Shaping.unsqueeze(at, 0);
      } else if (i > axis) {
        at = Shaping.unsqueeze(at, -1);
      }
    }
    return Shaping.expand(at, shape.with(axis, index.size(0)));
  }

  /**
   * Adds whole slices into a copy of x along an axis; repeated indices add up.
   *
   * @param x what is added to
   * @param dim the axis
   * @param index integers, a vector: where each slice goes
   * @param src the slices, of x's shape but for the axis
   */
  public static Tensor indexAdd(Tensor x, int dim, Tensor index, Tensor src) {
    int a = ShapeRules.axis("index_add", x, dim);
    if (x.dim() == 0 && src.dim() == 0) {
      return Shaping.reshape(indexAdd(one(x), 0, index, one(src)));
    }
    if (index.dim() == 0) {
      return indexAdd(x, dim, one(index), src);
    }
    ShapeRules.require(
        x.dim() == src.dim()
            && x.shape().with(a, 1).equals(src.shape().with(a, 1))
            && index.numel() == src.size(a),
        () ->
            "[index_add] src "
                + src.describe()
                + " must have the shape of input "
                + x.describe()
                + " but along axis "
                + a
                + " the length of index "
                + index.describe());
    ShapeRules.rank("index_add", "index", index, 1, "a vector");
    Check.backend("index_add", x, index, src);
    Check.sameType("index_add", "input", x, "src", src);
    Tensor at = Check.index("index_add", "index", index);
    Tensor y = Shaping.denseCopy(x);
    addSlices(y, a, at, src);
    return Autograd.record(
        "index_add", y, Edge.of(x, dy -> dy), Edge.of(src, dy -> selected(dy, a, at)));
  }

  /**
   * Puts elements into a copy of x along an axis: {@code y[i][index[i][j]] = src[i][j]} for axis 1.
   * Where an index is repeated the last one wins.
   *
   * @param x the input
   * @param dim the axis
   * @param index integers, of x's rank, along other axes no longer than x
   * @param src as long as index along each axis, or longer
   * @throws dev.kiln.IndexException if an index is outside the axis
   */
  public static Tensor scatter(Tensor x, int dim, Tensor index, Tensor src) {
    int a = ShapeRules.axis("scatter", x, dim);
    if (x.dim() == 0 && index.dim() == 0 && src.dim() == 0) {
      return Shaping.reshape(scatter(one(x), 0, one(index), one(src)));
    }
    block("scatter", x, a, index, src);
    Check.backend("scatter", x, index, src);
    Check.sameType("scatter", "input", x, "src", src);
    return put(x, a, Check.index("scatter", "index", index), front(src, index));
  }

  private static Tensor put(Tensor x, int axis, Tensor at, Tensor src) {
    Tensor y = Shaping.denseCopy(x);
    Tensor from = Check.dense("scatter", "src", src);
    y.device().backend().scatter(ScatterOp.SET, y.view(), from.view(), at.view(), axis);
    return Autograd.record(
        "scatter",
        y,
        Edge.of(x, dy -> put(dy, axis, at, zeros(dy, at.shape()))),
        Edge.of(
            src,
            dy -> {
              // What another element replaced learns nothing.
              Tensor mine =
                  Elementwise.eq(numbers(at), gather(last(x.shape(), axis, at), axis, at));
              return Elementwise.where(
                  mine, gather(dy, axis, at), Tensor.scalar(0, dy.dtype(), dy.device()));
            }));
  }

  private static Tensor zeros(Tensor like, Shape shape) {
    return Tensor.zeros(shape, like.dtype(), like.device());
  }

  /** The number of each place of an index, in row-major order. */
  private static Tensor numbers(Tensor at) {
    return Shaping.reshape(Tensor.arange(at.numel(), at.device()), at.shape().dims());
  }

  /** For each place of a shape, the number of the last element scattered there. */
  private static Tensor last(Shape shape, int axis, Tensor at) {
    Tensor y = Tensor.empty(shape, DType.INT64, at.device());
    at.device().backend().scatter(ScatterOp.SET, y.view(), numbers(at).view(), at.view(), axis);
    return y;
  }

  /** Puts a gradient back where {@link #gather} picked from. */
  static Tensor spread(Tensor x, int axis, Tensor at, Tensor dy) {
    return x.dim() == 0 ? dy : scatterAdd(zerosLike(x, dy), axis, at, dy);
  }

  private static Tensor one(Tensor x) {
    return Shaping.reshape(x, 1);
  }

  /**
   * Looks up rows of a table.
   *
   * @param weight [rows, features]
   * @param indices integers of any shape
   * @param paddingIndex the row that learns nothing, if there is one; a negative one counts from
   *     the end
   * @return [indices..., features]
   * @throws dev.kiln.IndexException if an index is no row
   */
  public static Tensor embedding(Tensor weight, Tensor indices, OptionalLong paddingIndex) {
    return embedding(weight, indices, paddingIndex, false);
  }

  /**
   * Looks up rows of a table.
   *
   * @param weight [rows, features]
   * @param indices integers of any shape
   * @param paddingIndex the row that learns nothing, if there is one; a negative one counts from
   *     the end
   * @param scaleGradByFreq whether a row's gradient is divided by how often it is looked up
   * @return [indices..., features]
   * @throws dev.kiln.IndexException if an index is no row
   */
  public static Tensor embedding(
      Tensor weight, Tensor indices, OptionalLong paddingIndex, boolean scaleGradByFreq) {
    ShapeRules.rank("embedding", "weight", weight, 2, "[rows, features]");
    Tensor at = Check.index("embedding", "indices", indices);
    Tensor picked = indexSelect(weight, 0, Shaping.reshape(at, at.numel()));
    if (paddingIndex.isPresent()) {
      long rows = weight.size(0);
      long row =
          paddingIndex.getAsLong() < 0 ? paddingIndex.getAsLong() + rows : paddingIndex.getAsLong();
      ShapeRules.require(
          row >= 0 && row < rows,
          () ->
              "[embedding] padding index "
                  + paddingIndex.getAsLong()
                  + " is no row of "
                  + weight.describe());
      Tensor padding =
          NoGrad.run(() -> Shaping.unsqueeze(Shaping.reshape(at, at.numel()).eq(row), 1));
      picked = Elementwise.where(padding, picked.detach(), picked);
    }
    if (scaleGradByFreq) {
      picked = shared(picked, weight, Shaping.reshape(at, at.numel()));
    }
    long[] dims = new long[indices.dim() + 1];
    System.arraycopy(indices.shape().dims(), 0, dims, 0, indices.dim());
    dims[indices.dim()] = weight.size(1);
    return Shaping.reshape(picked, dims);
  }

  /** Rows whose gradients are divided by how often each row was picked. */
  private static Tensor shared(Tensor picked, Tensor weight, Tensor rows) {
    Tensor ones = Tensor.ones(rows.shape(), weight.dtype(), weight.device());
    Tensor none = Tensor.zeros(Shape.of(weight.size(0)), weight.dtype(), weight.device());
    Tensor count = NoGrad.run(() -> gather(scatterAdd(none, 0, rows, ones), 0, rows).unsqueeze(1));
    return Autograd.record("embedding", picked.detach(), Edge.of(picked, dy -> dy.div(count)));
  }
}
