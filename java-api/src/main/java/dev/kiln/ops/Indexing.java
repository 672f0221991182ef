package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.NoGrad;
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
        "[gather] input " + x.describe() + " and index " + index.describe() + " differ in rank");
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
    return pick(whole, a, index);
  }

  private static Tensor pick(Tensor input, int axis, Tensor index) {
    Tensor x = Check.dense("gather", "input", input);
    Tensor at = Check.index("gather", "index", index);
    Check.backend("gather", x, at);
    Tensor y = Tensor.empty(at.shape(), x.dtype(), x.device());
    x.device().backend().gather(y.view(), x.view(), at.view(), axis);
    return Autograd.record(
        "gather", y, Edge.of(input, dy -> scatterAdd(zerosLike(input, dy), axis, at, dy)));
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
   * @param index integers, of src's shape; axes other than dim as long as x's
   * @param src what is added
   */
  public static Tensor scatterAdd(Tensor x, int dim, Tensor index, Tensor src) {
    int a = ShapeRules.axis("scatter_add", x, dim);
    ShapeRules.same("scatter_add", "index", index, "src", src);
    ShapeRules.require(
        x.dim() == src.dim() && x.shape().with(a, 1).equals(src.shape().with(a, 1)),
        "[scatter_add] input "
            + x.describe()
            + " and src "
            + src.describe()
            + " may differ along axis "
            + a
            + " only");
    Check.backend("scatter_add", x, index, src);
    Check.sameType("scatter_add", "input", x, "src", src);
    Tensor at = Check.index("scatter_add", "index", index);
    Tensor y = Shaping.denseCopy(x);
    y.device()
        .backend()
        .scatterAdd(y.view(), Check.dense("scatter_add", "src", src).view(), at.view(), a);
    return Autograd.record(
        "scatter_add", y, Edge.of(x, dy -> dy), Edge.of(src, dy -> gather(dy, a, at)));
  }

  /**
   * Picks whole slices along an axis.
   *
   * @param x the input
   * @param dim the axis
   * @param index integers, a vector
   * @return x with the axis replaced by the picked slices
   */
  public static Tensor indexSelect(Tensor x, int dim, Tensor index) {
    int a = ShapeRules.axis("index_select", x, dim);
    return gather(x, a, slices("index_select", index, a, x.shape()));
  }

  /** An index vector shaped to pick whole slices of a shape along an axis. */
  private static Tensor slices(String op, Tensor index, int axis, Shape shape) {
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
    return scatterAdd(x, a, slices("index_add", index, a, x.shape()), src);
  }

  /**
   * Puts elements into a copy of x along an axis: {@code y[i][index[i][j]] = src[i][j]} for axis 1.
   * Where an index is repeated the last one wins. Reads the index, so it waits for the device.
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
    boolean fits = x.dim() == index.dim() && src.dim() == index.dim();
    for (int i = 0; fits && i < x.dim(); i++) {
      fits = index.size(i) <= src.size(i) && (i == a || index.size(i) <= x.size(i));
    }
    ShapeRules.require(
        fits,
        "[scatter] index "
            + index.describe()
            + " must have the rank of input "
            + x.describe()
            + " and src "
            + src.describe()
            + " and be no longer than them along axes other than "
            + a);
    Check.backend("scatter", x, index, src);
    Check.sameType("scatter", "input", x, "src", src);
    Tensor values = src;
    for (int i = 0; i < x.dim(); i++) {
      values = index.size(i) < src.size(i) ? values.narrow(i, 0, index.size(i)) : values;
    }
    Shape block = index.shape().with(a, x.size(a));
    Tensor at = Check.index("scatter", "index", index);
    Tensor wins = lastOf(at, a, x.size(a));
    Tensor kept = values.where(wins, Elementwise.constant(values, 0));
    Tensor placed = scatterAdd(Tensor.zeros(block, x.dtype(), x.device()), a, at, kept);
    Tensor hit =
        NoGrad.run(
            () ->
                scatterAdd(
                        Tensor.zeros(block, DType.INT64, x.device()), a, at, wins.to(DType.INT64))
                    .ne(0));
    int[] pad = new int[2 * x.dim()];
    for (int i = 0; i < x.dim(); i++) {
      pad[2 * (x.dim() - 1 - i) + 1] = Math.toIntExact(x.size(i) - block.dim(i));
    }
    return Elementwise.where(
        Shaping.padConstant(hit, 0, pad), Shaping.padConstant(placed, 0, pad), x);
  }

  private static Tensor one(Tensor x) {
    return Shaping.reshape(x, 1);
  }

  /** Marks, as BOOL, the indices that no later one along the axis repeats. */
  private static Tensor lastOf(Tensor index, int axis, long size) {
    Tensor rows = index.transpose(axis, -1).contiguous();
    long[] at = rows.toLongArray();
    int n = Math.toIntExact(rows.size(-1));
    int[] wins = new int[at.length];
    int[] seenIn = new int[Math.toIntExact(size)];
    for (int r = 0; n > 0 && r < at.length / n; r++) {
      for (int j = n - 1; j >= 0; j--) {
        long i = at[r * n + j];
        // An index outside is reported by the scatter itself.
        boolean inside = i >= 0 && i < size;
        if (!inside || seenIn[(int) i] != r + 1) {
          wins[r * n + j] = 1;
        }
        if (inside) {
          seenIn[(int) i] = r + 1;
        }
      }
    }
    return Tensor.of(wins, rows.shape(), index.device()).to(DType.BOOL).transpose(axis, -1);
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
    ShapeRules.rank("embedding", "weight", weight, 2, "[rows, features]");
    Tensor at = Check.index("embedding", "indices", indices);
    Tensor picked = indexSelect(weight, 0, Shaping.reshape(at, at.numel()));
    if (paddingIndex.isPresent()) {
      long rows = weight.size(0);
      long row =
          paddingIndex.getAsLong() < 0 ? paddingIndex.getAsLong() + rows : paddingIndex.getAsLong();
      ShapeRules.require(
          row >= 0 && row < rows,
          "[embedding] padding index "
              + paddingIndex.getAsLong()
              + " is no row of "
              + weight.describe());
      Tensor padding =
          NoGrad.run(() -> Shaping.unsqueeze(Shaping.reshape(at, at.numel()).eq(row), 1));
      picked = Elementwise.where(padding, picked.detach(), picked);
    }
    long[] dims = new long[indices.dim() + 1];
    System.arraycopy(indices.shape().dims(), 0, dims, 0, indices.dim());
    dims[indices.dim()] = weight.size(1);
    return Shaping.reshape(picked, dims);
  }
}
