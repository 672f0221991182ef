package dev.kiln.ops;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;

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
    ShapeRules.rank("index_select", "index", index, 1, "a vector");
    Shape shape = x.shape().with(a, index.size(0));
    Tensor at = index;
    for (int i = 0; i < x.dim(); i++) {
      if (i < a) {
        at = Shaping.unsqueeze(at, 0);
      } else if (i > a) {
        at = Shaping.unsqueeze(at, -1);
      }
    }
    return gather(x, a, Shaping.expand(at, shape));
  }
}
