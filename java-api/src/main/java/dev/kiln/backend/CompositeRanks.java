package dev.kiln.backend;

import dev.kiln.DType;
import dev.kiln.Shape;

/** Hits among the highest scores. Ranks are counted, not sorted; nothing is read back. */
final class CompositeRanks {
  private CompositeRanks() {}

  static void count(Composer k, View right, View all, View scores, View target, RankSpec spec) {
    View x = k.in(scores);
    Shape one = x.shape().with(1, 1);
    View label = target.reshape(one);
    View counted = k.binary(BinaryOp.NE, label, k.constant(DType.INT64, spec.ignoreIndex()));
    View hit = spec.argmax() ? isHighest(k, x, label) : isAmong(k, x, label, counted, spec.k());
    add(k, right, k.binary(BinaryOp.AND, hit, counted));
    add(k, all, counted);
  }

  private static View isHighest(Composer k, View x, View label) {
    View predicted = k.temp(DType.INT64, label.shape());
    k.backend().reduce(ReduceOp.ARGMAX, predicted, x, 1);
    return k.binary(BinaryOp.EQ, predicted, label);
  }

  private static View isAmong(Composer k, View x, View label, View counted, int most) {
    View at = k.where(counted, label, k.constant(DType.INT64, 0));
    View score = k.temp(x.dtype(), label.shape());
    k.backend().gather(score, x, at, 1);
    View notAbove = k.cast(k.binary(BinaryOp.LE, x, score), DType.INT64);
    View before = k.binary(BinaryOp.LT, numbers(k, x.shape().dim(1)), at);
    View tied = k.binary(BinaryOp.AND, k.binary(BinaryOp.EQ, x, score), before);
    // rank = classes - notAbove + tied: a NaN is never notAbove, so it ranks first
    View rank = k.reduce(ReduceOp.SUM, k.sub(k.cast(tied, DType.INT64), notAbove), 1);
    return k.binary(BinaryOp.LT, rank, k.constant(DType.INT64, most - x.shape().dim(1)));
  }

  /** 0, 1, 2 and so on: INT64 [1, n, 1]. */
  private static View numbers(Composer k, long n) {
    View count = k.temp(DType.INT64, Shape.of(n));
    k.backend().fill(count.narrow(0, 0, 1), 0);
    for (long known = 1; known < n; known *= 2) {
      long more = Math.min(known, n - known);
      k.backend()
          .unary(UnaryOp.AFFINE, count.narrow(0, known, more), count.narrow(0, 0, more), 1, known);
    }
    return count.reshape(Shape.of(1, n, 1));
  }

  private static void add(Composer k, View counter, View flags) {
    View sum = k.reduce(ReduceOp.SUM, k.cast(flags, DType.INT64), 0, 1, 2);
    k.accumulate(counter, sum.reshape(counter.shape()));
  }
}
