package dev.kiln.backend;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.util.Optional;

/** What is done to gradients before the optimizer's step; nothing is read back. */
final class CompositeGradients {
  private CompositeGradients() {}

  /** Sets one number to the sum of a piece's squares. */
  static void squares(Composer k, View sum, View part) {
    View x = k.in(part).reshape(Shape.of(part.numel()));
    View own = k.temp(1);
    k.backend().reduce(ReduceOp.SUM_SQUARES, own, x, 0);
    k.store(sum, own);
  }

  static void norm(Composer k, View norm, View squares, double maxNorm, double eps) {
    View total = k.unary(UnaryOp.SQRT, k.reduce(ReduceOp.SUM, squares, 0));
    View quotient = k.div(k.constant(DType.FLOAT64, maxNorm), k.affine(total, 1, eps));
    View factor = k.binary(BinaryOp.MINIMUM, quotient, k.constant(DType.FLOAT64, 1));
    k.store(norm.narrow(0, 0, 1), total);
    k.store(norm.narrow(0, 1, 1), factor);
  }

  static void scale(Composer k, View part, View factor) {
    View by = factor.reshape(Shape.scalar());
    if (k.type() != DType.FLOAT64) {
      by = k.cast(by, k.type());
    }
    if (part.dtype() == k.type()) {
      k.backend().binary(BinaryOp.MUL, part, part, by.expand(part.shape()));
    } else {
      View x = k.in(part);
      View y = k.temp(part.shape().dims());
      k.backend().binary(BinaryOp.MUL, y, x, by.expand(part.shape()));
      k.store(part, y);
    }
  }

  static void nonFinite(Composer k, View found, View part) {
    if (part.numel() == 0) {
      return;
    }
    View x = k.in(part).reshape(Shape.of(part.numel()));
    // 0 times the extremes is 0 unless one of them is infinite or, as a NaN makes both, NaN.
    View most = k.affine(k.reduce(ReduceOp.MAX, x, 0), 0, 0);
    View least = k.affine(k.reduce(ReduceOp.MIN, x, 0), 0, 0);
    View sum = k.add(most, least);
    View bad = k.cast(k.binary(BinaryOp.NE, sum, sum), DType.FLOAT64);
    k.backend().binary(BinaryOp.MAXIMUM, found, found, bad.reshape(found.shape()));
  }

  static void lossScaleFactor(Composer k, View factor, View found, Optional<View> scale) {
    View zero = k.constant(DType.FLOAT64, 0);
    View one = k.constant(DType.FLOAT64, 1);
    View taken = scale.map(s -> k.div(one, s)).orElse(one);
    k.store(factor, k.where(k.binary(BinaryOp.NE, found, zero), zero, taken));
  }

  static void lossScaleUpdate(
      Composer k, View scale, View tracker, View found, LossScaleSpec spec) {
    View zero = k.constant(DType.FLOAT64, 0);
    View bad = k.binary(BinaryOp.NE, found, zero);
    View good = k.affine(tracker, 1, 1);
    View larger = k.affine(scale, spec.growthFactor(), 0);
    View interval = k.constant(DType.FLOAT64, spec.growthInterval());
    View grows = k.binary(BinaryOp.GE, good, interval);
    View fits = k.binary(BinaryOp.LE, larger, k.constant(DType.FLOAT64, spec.largest()));
    View grown = k.where(grows, k.where(fits, larger, scale), scale);
    View next = k.where(bad, k.affine(scale, spec.backoffFactor(), 0), grown);
    View count = k.where(k.binary(BinaryOp.OR, bad, grows), zero, good);
    k.store(scale, next);
    k.store(tracker, count);
  }
}
