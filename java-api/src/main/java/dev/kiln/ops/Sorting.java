package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;

/**
 * Sorting along an axis.
 *
 * <p>Equal elements keep their order; a NaN counts as largest. The gradient goes back to where each
 * element came from.
 */
public final class Sorting {
  private Sorting() {}

  /**
   * Elements in order, and where they were.
   *
   * @param values the elements
   * @param indices their positions along the axis, INT64
   */
  public record Sorted(Tensor values, Tensor indices) {}

  /** Sorts along an axis. */
  public static Sorted sort(Tensor x, int dim, boolean descending) {
    int a = ShapeRules.axis("sort", x, dim);
    return x.dim() == 0 ? new Sorted(x, scalarIndex(x)) : pick(x, a, x.size(a), descending);
  }

  /**
   * Takes the k largest, or smallest, along an axis, in order.
   *
   * @throws dev.kiln.ShapeException if the axis has fewer than k elements
   */
  public static Sorted topk(Tensor x, int k, int dim, boolean largest) {
    int a = ShapeRules.axis("topk", x, dim);
    long n = x.dim() == 0 ? 1 : x.size(a);
    ShapeRules.require(
        k >= 0 && k <= n,
        () ->
            "[topk] k "
                + k
                + " must be 0 to the "
                + n
                + " elements of axis "
                + a
                + " of "
                + x.describe());
    return x.dim() == 0 && k == 1 ? new Sorted(x, scalarIndex(x)) : pick(x, a, k, largest);
  }

  private static Tensor scalarIndex(Tensor x) {
    return Tensor.scalar(0, DType.INT64, x.device());
  }

  /** Sorts rows and keeps the first k of each; the gradient goes through the picking. */
  private static Sorted pick(Tensor x, int axis, long k, boolean descending) {
    Tensor rows = Check.dense("sort", "input", Shaping.transpose(x.detach(), axis, -1));
    Shape shape = rows.shape().with(-1, k);
    Tensor values = Tensor.empty(shape, x.dtype(), x.device());
    Tensor index = Tensor.empty(shape, DType.INT64, x.device());
    x.device().backend().sort(values.view(), index.view(), rows.view(), descending);
    Tensor at = Check.dense("sort", "index", Shaping.transpose(index, axis, -1));
    Tensor sorted = Shaping.denseCopy(Shaping.transpose(values, axis, -1));
    return new Sorted(
        Autograd.record("sort", sorted, Edge.of(x, dy -> Indexing.spread(x, axis, at, dy))), at);
  }

  /** The order of the elements along an axis: the indices that would sort it. */
  public static Tensor argsort(Tensor x, int dim, boolean descending) {
    return sort(x.detach(), dim, descending).indices();
  }

  /** Sorts along the first axis. */
  public static Tensor msort(Tensor x) {
    return sort(x, 0, false).values();
  }
}
