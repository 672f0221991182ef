package dev.kiln.cpu;

import dev.kiln.DType;
import dev.kiln.backend.ScanOp;
import dev.kiln.backend.View;

/** Running sums and the like of the oracle, one line of elements after another. */
final class Scan {
  private Scan() {}

  static void scan(ScanOp op, View out, View x, int axis) {
    CpuStorage o = CpuStorage.of(out);
    CpuStorage from = CpuStorage.of(x);
    long n = x.shape().dim(axis);
    long step = x.stride(axis);
    long[] strides = x.strides();
    strides[axis] = 0;
    // Out is as dense as x, so positions differ by the offsets alone.
    long shift = out.offset() - x.offset();
    View starts = View.strided(x.storage(), x.offset(), x.shape().with(axis, 1), strides);
    for (Walk w = new Walk(starts); n > 0 && w.more(); w.step()) {
      Line line = new Line(from, w.at(0), o, w.at(0) + shift, step, n);
      switch (op) {
        case SUM, PROD -> {
          if (!x.dtype().isFloating()) {
            line.integers(op);
          } else if (op == ScanOp.PROD) {
            line.product();
          } else {
            line.sum(x.dtype() == DType.FLOAT64);
          }
        }
        case ARGMAX, ARGMIN -> {
          if (x.dtype().isFloating()) {
            line.position(op == ScanOp.ARGMAX);
          } else {
            line.integerPosition(op == ScanOp.ARGMAX);
          }
        }
        case LOGSUMEXP -> line.logSumExp();
      }
    }
  }

  /** A line of n elements of two storages, both with the same step. */
  private record Line(CpuStorage x, long xStart, CpuStorage y, long yStart, long step, long n) {
    void integers(ScanOp op) {
      long all = op == ScanOp.PROD ? 1 : 0;
      for (long i = 0; i < n; i++) {
        long v = x.getLong(xStart + i * step);
        all = op == ScanOp.PROD ? all * v : all + v;
        y.setLong(yStart + i * step, all);
      }
    }

    void product() {
      double all = 1;
      for (long i = 0; i < n; i++) {
        all *= x.get(xStart + i * step);
        y.set(yStart + i * step, all);
      }
    }

    void sum(boolean corrected) {
      double all = 0;
      double lost = 0;
      for (long i = 0; i < n; i++) {
        double v = x.get(xStart + i * step);
        double next = all + v;
        if (corrected && !Double.isInfinite(next)) {
          lost += Math.abs(all) >= Math.abs(v) ? all - next + v : v - next + all;
        }
        all = next;
        y.set(yStart + i * step, Double.isInfinite(all) ? all : all + lost);
      }
    }

    void position(boolean largest) {
      double best = Double.NaN;
      long at = 0;
      for (long i = 0; i < n; i++) {
        double v = x.get(xStart + i * step);
        boolean wins = largest ? v >= best : v <= best;
        if (i == 0 || Double.isNaN(v) || wins) {
          best = v;
          at = i;
        }
        y.setLong(yStart + i * step, at);
      }
    }

    void integerPosition(boolean largest) {
      long best = 0;
      long at = 0;
      for (long i = 0; i < n; i++) {
        long v = x.getLong(xStart + i * step);
        if (i == 0 || (largest ? v >= best : v <= best)) {
          best = v;
          at = i;
        }
        y.setLong(yStart + i * step, at);
      }
    }

    /** The sum is kept relative to the largest element so far. */
    void logSumExp() {
      double top = Double.NEGATIVE_INFINITY;
      double sum = 0;
      for (long i = 0; i < n; i++) {
        double v = x.get(xStart + i * step);
        if (v > top) {
          sum = sum == 0 ? 1 : sum * StrictMath.exp(top - v) + 1;
          top = v;
        } else if (v != top) {
          sum += StrictMath.exp(v - top);
        } else if (v != Double.NEGATIVE_INFINITY) {
          sum += 1;
        }
        y.set(yStart + i * step, top + StrictMath.log(sum));
      }
    }
  }
}
