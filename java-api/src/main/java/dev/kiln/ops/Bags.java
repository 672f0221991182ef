package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.Arrays;

/** Sums and maxima over bags of rows, some of which do not count. Empty bags give zeros. */
final class Bags {
  private Bags() {}

  /** Of bags of one size: rows [bags, size, features], counts [bags, size]. */
  static Tensor sum(Tensor rows, Tensor counts, boolean mean) {
    Tensor sum = rows.where(counts.unsqueeze(2), Elementwise.constant(rows, 0)).sum(1);
    return mean ? divided(sum, counts.to(DType.INT64).sum(1)) : sum;
  }

  private static Tensor divided(Tensor sum, Tensor sizes) {
    return sum.div(sizes.to(sum.dtype()).clamp(1, Double.POSITIVE_INFINITY).unsqueeze(1));
  }

  /** Of bags of one size, as for {@link #sum}. */
  static Tensor max(Tensor rows, Tensor counts) {
    if (rows.size(1) == 0) {
      return rows.sum(1);
    }
    Tensor low = Elementwise.constant(rows, Double.NEGATIVE_INFINITY);
    Tensor max = Reductions.max(rows.where(counts.unsqueeze(2), low), 1, false).values();
    Tensor empty = Reductions.any(counts, new int[] {1}, true).eq(0);
    return Elementwise.where(empty, Elementwise.constant(max, 0), max);
  }

  /** Of bags of any sizes, rows [all, features] and counts [all], added into place. */
  static Tensor sumFrom(Tensor rows, Tensor counts, Tensor starts, boolean mean) {
    Tensor bag = NoGrad.run(() -> bagOfEach(rows.size(0), starts));
    Tensor on = rows.where(counts.unsqueeze(1), Elementwise.constant(rows, 0));
    Tensor none = Tensor.zeros(rows.shape().with(0, starts.size(0)), rows.dtype(), rows.device());
    Tensor sum = Indexing.indexAdd(none, 0, bag, on);
    if (!mean) {
      return sum;
    }
    Tensor nobody = Tensor.zeros(starts.shape(), DType.INT64, rows.device());
    return divided(sum, Indexing.scatterAdd(nobody, 0, bag, counts.to(DType.INT64)));
  }

  /** How many bags begin at or before each row, less one. */
  private static Tensor bagOfEach(long rows, Tensor starts) {
    Tensor none = Tensor.zeros(Shape.of(rows + 1), DType.INT64, starts.device());
    Tensor one = Tensor.ones(starts.shape(), DType.INT64, starts.device());
    Tensor begins = Indexing.scatterAdd(none, 0, starts, one);
    return Scans.cumsum(begins, 0).narrow(0, 0, rows).sub(1);
  }

  /** Of bags of any sizes, as for {@link #sumFrom}, padded to the longest. */
  static Tensor maxFrom(Tensor rows, Tensor counts, long[] starts) {
    int total = Math.toIntExact(rows.size(0));
    int longest = 0;
    for (int i = 0; i < starts.length; i++) {
      long end = end(starts, i, total);
      ShapeRules.require(
          starts[i] >= 0 && starts[i] <= end && end <= total,
          () ->
              "[embedding_bag] offsets "
                  + Arrays.toString(starts)
                  + " must ascend from 0 to at most the "
                  + total
                  + " indices");
      longest = Math.max(longest, (int) (end - starts[i]));
    }
    if (longest == 0) {
      return Tensor.zeros(rows.shape().with(0, starts.length), rows.dtype(), rows.device());
    }
    long[] at = new long[Math.multiplyExact(starts.length, longest)];
    int[] inside = new int[at.length];
    for (int i = 0; i < starts.length; i++) {
      for (int j = 0; j < end(starts, i, total) - starts[i]; j++) {
        at[i * longest + j] = starts[i] + j;
        inside[i * longest + j] = 1;
      }
    }
    Tensor index = Tensor.of(at, rows.device());
    Shape shape = Shape.of(starts.length, longest);
    Tensor on =
        Elementwise.logicalAnd(
            Tensor.of(inside, shape, rows.device()).ne(0),
            counts.gather(0, index).reshape(shape.dims()));
    return max(rows.indexSelect(0, index).reshape(starts.length, longest, rows.size(1)), on);
  }

  private static long end(long[] starts, int bag, long total) {
    return bag + 1 < starts.length ? starts[bag + 1] : total;
  }
}
