package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.Optional;

/** Finding places in sorted elements, distinct elements, and the places of those other than 0. */
public final class Searching {
  private Searching() {}

  /**
   * Where values would have to be inserted into sorted elements to keep them sorted.
   *
   * @param sorted [..., n], each row ascending, or [n] for all rows
   * @param values [..., m]
   * @param right whether behind equal elements rather than before them
   * @return INT64 of values' shape, 0 .. n; n for NaN
   */
  public static Tensor searchsorted(Tensor sorted, Tensor values, boolean right) {
    ShapeRules.require(
        sorted.dim() == 1
            || sorted.dim() > 0
                && values.dim() == sorted.dim()
                && sorted.shape().without(-1).equals(values.shape().without(-1)),
        () ->
            "[searchsorted] sorted "
                + sorted.describe()
                + " must be a vector, or differ from values "
                + values.describe()
                + " along the last axis only");
    Check.backend("searchsorted", sorted, values);
    long n = sorted.size(-1);
    DType dtype = DType.promote(sorted.dtype(), values.dtype());
    return NoGrad.run(
        () -> {
          boolean shared = sorted.dim() == 1;
          Tensor v = values.to(dtype);
          Tensor flat = shared ? Shaping.reshape(v, -1) : v;
          Tensor low = Tensor.zeros(flat.shape(), DType.INT64, v.device());
          if (n == 0) {
            return Shaping.reshape(low, values.shape().dims());
          }
          Tensor rows = sorted.to(dtype);
          Tensor high = low.add(n);
          for (long span = n; span > 0; span /= 2) {
            Tensor open = Elementwise.lt(low, high);
            Tensor middle = Bitwise.bitwiseRightShift(low.add(high), one(low));
            Tensor there = Indexing.gather(rows, -1, middle.clamp(0, n - 1));
            Tensor stop = right ? Elementwise.gt(there, flat) : Elementwise.ge(there, flat);
            Tensor on = Elementwise.logicalAnd(open, Predicates.logicalNot(stop));
            Tensor off = Elementwise.logicalAnd(open, stop);
            low = Elementwise.where(on, middle.add(1), low);
            high = Elementwise.where(off, middle, high);
          }
          return Shaping.reshape(low, values.shape().dims());
        });
  }

  private static Tensor one(Tensor like) {
    return Tensor.scalar(1, DType.INT64, like.device());
  }

  /** The number of the bucket of each value between boundaries; see {@link #searchsorted}. */
  public static Tensor bucketize(Tensor values, Tensor boundaries, boolean right) {
    ShapeRules.rank("bucketize", "boundaries", boundaries, 1, "a vector");
    return searchsorted(boundaries, values, right);
  }

  /**
   * Distinct elements.
   *
   * @param values each once
   * @param inverse for every element of the input the position of its value, INT64
   * @param counts how often each occurs, INT64
   */
  public record Distinct(Tensor values, Tensor inverse, Tensor counts) {}

  /**
   * The distinct elements of a tensor, ascending. Reads their number, so it waits for the device.
   */
  public static Distinct unique(Tensor x) {
    Sorting.Sorted sorted = Sorting.sort(Shaping.reshape(x.detach(), -1), 0, false);
    Distinct runs = uniqueConsecutive(sorted.values());
    Tensor back = Tensor.empty(runs.inverse().shape(), DType.INT64, x.device());
    Tensor inverse = Indexing.scatter(back, 0, sorted.indices(), runs.inverse());
    return new Distinct(runs.values(), Shaping.reshape(inverse, x.shape().dims()), runs.counts());
  }

  /**
   * The first of every run of equal elements of the flattened input. Reads their number, so it
   * waits for the device.
   */
  public static Distinct uniqueConsecutive(Tensor x) {
    return NoGrad.run(
        () -> {
          Tensor v = Shaping.reshape(x, -1);
          long n = v.size(0);
          if (n == 0) {
            Tensor none = Tensor.zeros(Shape.of(0), DType.INT64, x.device());
            return new Distinct(v.copy(), Shaping.reshape(none, x.shape().dims()), none);
          }
          Tensor begins =
              Shaping.padConstant(
                  Elementwise.ne(v.narrow(0, 1, n - 1), v.narrow(0, 0, n - 1)), 1, 1, 0);
          Tensor run = Scans.cumsum(begins, 0).sub(1);
          long runs = (long) run.select(0, n - 1).item() + 1;
          Tensor values =
              Indexing.scatter(Tensor.zeros(Shape.of(runs), v.dtype(), v.device()), 0, run, v);
          Tensor counts = Statistics.bincount(run, Optional.empty(), 0);
          return new Distinct(values, Shaping.reshape(run, x.shape().dims()), counts);
        });
  }

  /**
   * The places of the elements other than 0, in row-major order. Reads their number, so it waits
   * for the device.
   *
   * @return INT64 [count, rank]
   */
  public static Tensor nonzero(Tensor x) {
    Tensor flat = flatNonzero(x);
    if (x.dim() == 0) {
      return Shaping.reshape(flat, flat.numel(), 1).narrow(1, 0, 0);
    }
    Tensor[] axes = new Tensor[x.dim()];
    Tensor rest = flat;
    for (int a = x.dim() - 1; a >= 0; a--) {
      double size = Math.max(1, x.size(a));
      axes[a] = a == 0 ? rest : Division.remainder(rest, size);
      rest = a == 0 ? rest : Division.floorDivide(rest, size);
    }
    return Shaping.stack(java.util.List.of(axes), 1);
  }

  /** The places of the elements other than 0 in the flattened input. */
  static Tensor flatNonzero(Tensor x) {
    return NoGrad.run(
        () -> {
          Tensor marks = Shaping.reshape(x, -1).ne(0);
          long n = marks.size(0);
          long count = n == 0 ? 0 : (long) marks.sum().item();
          // What is not wanted goes to one place behind the others.
          Tensor to = Elementwise.where(marks, Scans.cumsum(marks, 0).sub(1), count);
          Tensor out = Tensor.zeros(Shape.of(count + 1), DType.INT64, x.device());
          return Indexing.scatter(out, 0, to, Tensor.arange(n, x.device()))
              .narrow(0, 0, count)
              .copy();
        });
  }

  /**
   * The elements where a mask holds, in row-major order. Reads their number, so it waits for the
   * device.
   *
   * @param x broadcast with the mask
   * @param mask BOOL
   */
  public static Tensor maskedSelect(Tensor x, Tensor mask) {
    Shape shape = ShapeRules.broadcast("masked_select", x, mask);
    Tensor at = flatNonzero(Shaping.expand(mask, shape));
    return Shaping.reshape(Shaping.expand(x, shape), -1).gather(0, at);
  }

  /**
   * Puts elements of a source, one after another, where a mask holds.
   *
   * @param x broadcast with the mask
   * @param mask BOOL
   * @param source at least as many elements as the mask marks, of x's type
   */
  public static Tensor maskedScatter(Tensor x, Tensor mask, Tensor source) {
    Check.sameType("masked_scatter", "input", x, "source", source);
    Shape shape = ShapeRules.broadcast("masked_scatter", x, mask);
    if (shape.numel() == 0 || source.numel() == 0) {
      return Shaping.expand(x, shape).copy();
    }
    Tensor marks = Shaping.reshape(Shaping.expand(mask, shape), -1);
    Tensor number = Scans.cumsum(marks, 0).sub(1);
    Tensor at = Elementwise.where(marks, number, 0);
    Tensor taken = Shaping.reshape(Shaping.reshape(source, -1).gather(0, at), shape.dims());
    return Elementwise.where(Shaping.expand(mask, shape), taken, x);
  }
}
