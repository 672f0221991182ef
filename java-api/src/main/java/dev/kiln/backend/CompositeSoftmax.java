package dev.kiln.backend;

import dev.kiln.DType;
import dev.kiln.IndexException;
import dev.kiln.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** Softmax by rows, shifted by each row's maximum, and the cross-entropy built on it. */
final class CompositeSoftmax {
  private CompositeSoftmax() {}

  static void forward(Composer k, View y, View x, boolean log) {
    k.store(y, softmax(k, k.in(x), log));
  }

  private static View softmax(Composer k, View x, boolean log) {
    View shifted = k.sub(x, k.reduce(ReduceOp.MAX, x, 1));
    View e = k.unary(UnaryOp.EXP, shifted);
    View sum = k.reduce(ReduceOp.SUM, e, 1);
    return log ? k.sub(shifted, k.unary(UnaryOp.LOG, sum)) : k.div(e, sum);
  }

  static void grad(Composer k, View dx, View dy, View y, boolean log) {
    View g = k.in(dy);
    View out = k.in(y);
    if (log) {
      View sum = k.reduce(ReduceOp.SUM, g, 1);
      k.store(dx, k.sub(g, k.mul(k.unary(UnaryOp.EXP, out), sum)));
    } else {
      View dot = k.reduce(ReduceOp.SUM, k.mul(g, out), 1);
      k.store(dx, k.mul(out, k.sub(g, dot)));
    }
  }

  static void crossEntropy(
      Composer k,
      View loss,
      View logProbs,
      View x,
      View target,
      Optional<View> weight,
      CrossEntropySpec spec) {
    long rows = x.shape().dim(0);
    long classes = x.shape().dim(1);
    View logp = softmax(k, k.in(x), true);
    Labels labels = Labels.of(k, target, spec.ignoreIndex());
    View picked = k.temp(rows, 1);
    try {
      k.backend().gather(picked, logp, labels.safe(), 1);
    } catch (IndexException e) {
      throw noClass(k.backend(), target, classes, spec.ignoreIndex(), e);
    }
    View w = labels.weights(k, weight);
    View result = k.affine(k.mul(picked, w), spec.labelSmoothing() - 1, 0);
    if (spec.labelSmoothing() > 0) {
      View weighted = weight.isPresent() ? k.mul(logp, k.in(weight.get())) : logp;
      View all = k.reduce(ReduceOp.SUM, weighted, 1);
      result = k.sub(result, k.affine(all, spec.labelSmoothing() / classes, 0));
    }
    k.store(loss, k.where(labels.ignored(), k.full(0, 1), result));
    k.store(logProbs, logp);
  }

  static void crossEntropyGrad(
      Composer k,
      View dx,
      View dloss,
      View logProbs,
      View target,
      Optional<View> weight,
      CrossEntropySpec spec) {
    long rows = dx.shape().dim(0);
    long classes = dx.shape().dim(1);
    Labels labels = Labels.of(k, target, spec.ignoreIndex());
    // With q the weighted, smoothed target: dx = dloss * (p * sum(q) - q).
    View q = k.full(spec.labelSmoothing() / classes, rows, classes);
    if (weight.isPresent() && spec.labelSmoothing() > 0) {
      q = k.mul(q, k.in(weight.get()));
    }
    View w = k.affine(labels.weights(k, weight), 1 - spec.labelSmoothing(), 0);
    k.backend().scatterAdd(q, w, labels.safe(), 1);
    View p = k.unary(UnaryOp.EXP, k.in(logProbs));
    View g = k.sub(k.mul(p, k.reduce(ReduceOp.SUM, q, 1)), q);
    View result = k.mul(g, k.in(dloss).reshape(Shape.of(rows, 1)));
    k.store(dx, k.where(labels.ignored(), k.full(0, 1), result));
  }

  /** The labels as columns [rows, 1], with class 0 in place of the label to ignore. */
  private record Labels(View ignored, View safe) {
    static Labels of(Composer k, View target, long ignoreIndex) {
      View column = target.reshape(Shape.of(target.numel(), 1));
      View ignore = k.constant(DType.INT64, ignoreIndex);
      View ignored = k.binary(BinaryOp.EQ, column, ignore);
      return new Labels(ignored, k.where(ignored, k.constant(DType.INT64, 0), column));
    }

    /** The weight of each row's class. */
    View weights(Composer k, Optional<View> weight) {
      if (weight.isEmpty()) {
        return k.full(1, safe.numel(), 1);
      }
      View picked = k.temp(safe.numel());
      Shape flat = Shape.of(safe.numel());
      k.backend().gather(picked, k.in(weight.get()), safe.reshape(flat), 0);
      return picked.reshape(safe.shape());
    }
  }

  /** Finds the label that the backend stumbled over, and names it. */
  private static IndexException noClass(
      Backend backend, View target, long classes, long ignoreIndex, IndexException found) {
    ByteBuffer labels =
        ByteBuffer.allocate(Math.toIntExact(target.numel() * Long.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    backend.download(labels, target);
    for (int row = 0; row < target.numel(); row++) {
      long label = labels.getLong(row * Long.BYTES);
      if (label != ignoreIndex && (label < 0 || label >= classes)) {
        return new IndexException(
            "[cross_entropy] target "
                + label
                + " at row "
                + row
                + " is no class; valid are 0 to "
                + (classes - 1)
                + " (or ignore_index "
                + ignoreIndex
                + ")");
      }
    }
    return found;
  }
}
