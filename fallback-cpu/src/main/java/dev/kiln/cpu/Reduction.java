package dev.kiln.cpu;

import dev.kiln.Shape;
import dev.kiln.backend.ReduceOp;
import dev.kiln.backend.View;

/**
 * Reductions of the oracle: each result from its elements in row-major order, in double or long.
 */
final class Reduction {
  private Reduction() {}

  static void reduce(ReduceOp op, View out, View x, int... axes) {
    boolean[] reduced = new boolean[x.shape().rank()];
    long[] innerDims = new long[axes.length];
    long[] innerStrides = new long[axes.length];
    for (int i = 0; i < axes.length; i++) {
      reduced[axes[i]] = true;
      innerDims[i] = x.shape().dim(axes[i]);
      innerStrides[i] = x.stride(axes[i]);
    }
    long[] outerStrides = x.strides();
    for (int i = 0; i < outerStrides.length; i++) {
      outerStrides[i] = reduced[i] ? 0 : outerStrides[i];
    }
    View outer = View.strided(x.storage(), x.offset(), out.shape(), outerStrides);
    View inner = View.strided(x.storage(), x.offset(), Shape.of(innerDims), innerStrides);
    CpuStorage o = CpuStorage.of(out);
    CpuStorage from = CpuStorage.of(x);
    Walk elements = new Walk(inner);
    for (Walk w = new Walk(out, outer); w.more(); w.step()) {
      elements.restart(w.at(1));
      if (x.dtype().isFloating()) {
        double value = ofDoubles(op, from, elements);
        o.set(w.at(0), op == ReduceOp.MEAN ? value / inner.numel() : value);
      } else if (op == ReduceOp.MEAN) {
        o.set(w.at(0), (double) ofLongs(ReduceOp.SUM, from, elements) / inner.numel());
      } else {
        o.setLong(w.at(0), ofLongs(op, from, elements));
      }
    }
  }

  private static double ofDoubles(ReduceOp op, CpuStorage from, Walk w) {
    if (op == ReduceOp.SUM || op == ReduceOp.MEAN || op == ReduceOp.SUM_SQUARES) {
      return sum(op == ReduceOp.SUM_SQUARES, from, w);
    }
    double r =
        switch (op) {
          case PROD, ALL -> 1;
          case MAX -> Double.NEGATIVE_INFINITY;
          case MIN -> Double.POSITIVE_INFINITY;
          default -> 0;
        };
    double best = Double.NaN;
    long n = 0;
    for (; w.more(); w.step(), n++) {
      double v = from.get(w.at(0));
      switch (op) {
        case PROD -> r *= v;
        case MAX -> r = Math.max(r, v);
        case MIN -> r = Math.min(r, v);
        case ANY -> r = v != 0 ? 1 : r;
        case ALL -> r = v == 0 ? 0 : r;
        case SUM, MEAN, SUM_SQUARES -> throw new AssertionError(op);
        case ARGMAX, ARGMIN -> {
          boolean better = op == ReduceOp.ARGMAX ? v > best : v < best;
          if (n == 0 || !Double.isNaN(best) && (better || Double.isNaN(v))) {
            best = v;
            r = n;
          }
        }
      }
    }
    return r;
  }

  /** Compensated: what each addition loses is summed too. Neumaier 1974. */
  private static double sum(boolean squares, CpuStorage from, Walk w) {
    double sum = 0;
    double lost = 0;
    for (; w.more(); w.step()) {
      double x = from.get(w.at(0));
      double v = squares ? x * x : x;
      double next = sum + v;
      lost += Math.abs(sum) >= Math.abs(v) ? sum - next + v : v - next + sum;
      sum = next;
    }
    return Double.isFinite(sum) ? sum + lost : sum;
  }

  private static long ofLongs(ReduceOp op, CpuStorage from, Walk w) {
    long r =
        switch (op) {
          case PROD, ALL -> 1;
          case MAX -> Long.MIN_VALUE;
          case MIN -> Long.MAX_VALUE;
          default -> 0;
        };
    long best = 0;
    for (long n = 0; w.more(); w.step(), n++) {
      long v = from.getLong(w.at(0));
      switch (op) {
        case SUM, MEAN -> r += v;
        case SUM_SQUARES -> r += v * v;
        case PROD -> r *= v;
        case MAX -> r = Math.max(r, v);
        case MIN -> r = Math.min(r, v);
        case ANY -> r = v != 0 ? 1 : r;
        case ALL -> r = v == 0 ? 0 : r;
        case ARGMAX, ARGMIN -> {
          if (n == 0 || (op == ReduceOp.ARGMAX ? v > best : v < best)) {
            best = v;
            r = n;
          }
        }
      }
    }
    return r;
  }
}
