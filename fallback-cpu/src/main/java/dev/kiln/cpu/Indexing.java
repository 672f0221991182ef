package dev.kiln.cpu;

import dev.kiln.DType;
import dev.kiln.IndexException;
import dev.kiln.Shape;
import dev.kiln.backend.ScatterOp;
import dev.kiln.backend.View;

/** Gathering and scattering along an axis, with every index checked before anything is written. */
final class Indexing {
  private Indexing() {}

  static void gather(View out, View x, View index, int axis) {
    check("gather", index, axis, x.shape().dim(axis));
    CpuStorage o = CpuStorage.of(out);
    CpuStorage from = CpuStorage.of(x);
    CpuStorage idx = CpuStorage.of(index);
    Walk w = new Walk(out, index, alongIndex(x, index.shape(), axis));
    for (; w.more(); w.step()) {
      o.setFrom(w.at(0), from, w.at(2) + idx.getLong(w.at(1)) * x.stride(axis));
    }
  }

  static void scatterAdd(View out, View src, View index, int axis) {
    check("scatter_add", index, axis, out.shape().dim(axis));
    CpuStorage o = CpuStorage.of(out);
    CpuStorage from = CpuStorage.of(src);
    CpuStorage idx = CpuStorage.of(index);
    Walk w = new Walk(src, index, alongIndex(out, index.shape(), axis));
    if (!out.dtype().isFloating()) {
      for (; w.more(); w.step()) {
        long at = w.at(2) + idx.getLong(w.at(1)) * out.stride(axis);
        o.setLong(at, o.getLong(at) + from.getLong(w.at(0)));
      }
      return;
    }
    // Sums are rounded to the element type once, not at each addition.
    CpuStorage sums =
        new CpuStorage(DType.FLOAT64, out.numel(), new double[Math.toIntExact(out.numel())]);
    View all = View.dense(sums, 0, out.shape());
    Elementwise.copy(all, out);
    for (; w.more(); w.step()) {
      long at = w.at(2) - out.offset() + idx.getLong(w.at(1)) * out.stride(axis);
      sums.set(at, sums.get(at) + from.get(w.at(0)));
    }
    Elementwise.copy(out, all);
  }

  static void scatter(ScatterOp op, View out, View src, View index, int axis) {
    check("scatter", index, axis, out.shape().dim(axis));
    CpuStorage o = CpuStorage.of(out);
    CpuStorage from = CpuStorage.of(src);
    CpuStorage idx = CpuStorage.of(index);
    boolean floating = out.dtype().isFloating();
    Walk w = new Walk(src, index, alongIndex(out, index.shape(), axis));
    for (; w.more(); w.step()) {
      long at = w.at(2) + idx.getLong(w.at(1)) * out.stride(axis);
      if (op == ScatterOp.SET) {
        o.setFrom(at, from, w.at(0));
      } else if (floating) {
        o.set(at, combined(op, o.get(at), from.get(w.at(0))));
      } else {
        o.setLong(at, combined(op, o.getLong(at), from.getLong(w.at(0))));
      }
    }
  }

  private static double combined(ScatterOp op, double there, double v) {
    return switch (op) {
      case SET -> v;
      case PROD -> there * v;
      case MAX -> Math.max(there, v);
      case MIN -> Math.min(there, v);
    };
  }

  private static long combined(ScatterOp op, long there, long v) {
    return switch (op) {
      case SET -> v;
      case PROD -> there * v;
      case MAX -> Math.max(there, v);
      case MIN -> Math.min(there, v);
    };
  }

  /** A view of the index's shape that stands still along the axis. */
  private static View alongIndex(View x, Shape index, int axis) {
    long[] strides = x.strides();
    strides[axis] = 0;
    return View.strided(x.storage(), x.offset(), index, strides);
  }

  private static void check(String op, View index, int axis, long size) {
    CpuStorage idx = CpuStorage.of(index);
    long position = 0;
    for (Walk w = new Walk(index); w.more(); w.step(), position++) {
      long i = idx.getLong(w.at(0));
      if (i < 0 || i >= size) {
        throw outside(op, i, position, axis, size);
      }
    }
  }

  /** The error of an index outside its axis. */
  static IndexException outside(String op, long index, long position, int axis, long size) {
    return new IndexException(
        String.format(
            "[%s] index %d at position %d is outside axis %d of size %d; %s",
            op,
            index,
            position,
            axis,
            size,
            size == 0 ? "an empty axis has no index" : "valid are 0 to " + (size - 1)));
  }
}
