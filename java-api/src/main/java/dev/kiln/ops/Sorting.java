package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Sorting along an axis. The order is found on the host, so these ops wait for the device.
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

  private static Sorted pick(Tensor x, int axis, long k, boolean descending) {
    Tensor rows = x.detach().transpose(axis, -1).contiguous();
    long[] order = order(rows, Math.toIntExact(k), descending);
    long[] dims = rows.shape().dims();
    dims[dims.length - 1] = k;
    Tensor index = Tensor.of(order, Shape.of(dims), x.device()).transpose(axis, -1).contiguous();
    return new Sorted(Indexing.gather(x, axis, index), index);
  }

  private static long[] order(Tensor rows, int k, boolean descending) {
    int n = Math.toIntExact(rows.size(-1));
    int count = n == 0 ? 0 : Math.toIntExact(rows.numel() / n);
    long[] order = new long[Math.multiplyExact(count, k)];
    Keys keys = Keys.of(rows);
    Integer[] row = new Integer[n];
    for (int r = 0; r < count; r++) {
      Arrays.setAll(row, i -> i);
      Comparator<Integer> ascending = keys.row(r * n);
      Arrays.sort(row, descending ? ascending.reversed() : ascending);
      for (int i = 0; i < k; i++) {
        order[r * k + i] = row[i];
      }
    }
    return order;
  }

  /** How two elements of a row compare. */
  private interface Keys {
    Comparator<Integer> row(int start);

    static Keys of(Tensor rows) {
      if (rows.dtype().isFloating()) {
        double[] values = rows.toDoubleArray();
        // + 0.0 makes -0 equal to 0
        return start -> (i, j) -> Double.compare(values[start + i] + 0.0, values[start + j] + 0.0);
      }
      long[] values = rows.toLongArray();
      return start -> (i, j) -> Long.compare(values[start + i], values[start + j]);
    }
  }
}
