package dev.kiln.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import dev.kiln.bench.worker.Operation;
import dev.kiln.bench.worker.Unsupported;
import java.util.function.UnaryOperator;

/** Single {@linkplain Operation operations} of DJL: products, convolutions and softmax. */
final class Operations {
  private final Engine engine;
  private final NDManager all;

  Operations(Engine engine, NDManager all) {
    this.engine = engine;
    this.all = all;
  }

  /** Returns a run of one. */
  Runnable make(Operation op) {
    NDArray x = all.randomNormal(new Shape(op.shape()));
    UnaryOperator<NDArray> function = function(op);
    if (!op.backward()) {
      return Djl.run(all, x, function);
    }
    x.setRequiresGradient(true);
    Shape shape;
    try (NDArray y = function.apply(x)) {
      shape = y.getShape();
    }
    return Djl.backward(engine, all, x, all.randomNormal(shape), function);
  }

  private UnaryOperator<NDArray> function(Operation op) {
    long n = op.get("n", 1);
    return switch (op.kind()) {
      case "matmul" -> {
        boolean turned = op.get("transposed", 0) == 1;
        NDArray b =
            turned ? all.randomNormal(new Shape(n, op.size(-1))).transpose() : matrices(op, n);
        yield x -> x.matMul(b);
      }
      case "linear" -> {
        NDArray w = parameter(op, n, op.size(-1));
        NDArray b = parameter(op, n);
        yield x -> Linear.linear(x, w, b).singletonOrThrow();
      }
      case "conv2d" -> {
        long k = op.get("k", 3);
        int groups = op.get("groups", 1);
        NDArray w = parameter(op, op.get("out", 1), op.size(1) / groups, k, k);
        NDArray b = parameter(op, op.get("out", 1));
        Shape stride = both(op.get("stride", 1));
        Shape pad = both(op.get("pad", 0));
        Shape dilation = both(op.get("dilation", 1));
        yield x -> Conv2d.conv2d(x, w, b, stride, pad, dilation, groups).singletonOrThrow();
      }
      case "softmax" -> x -> x.softmax(-1);
      case "logSoftmax" -> x -> x.logSoftmax(-1);
      default -> throw new Unsupported("not among its operations here");
    };
  }

  private NDArray parameter(Operation op, long... shape) {
    NDArray p = all.randomNormal(new Shape(shape));
    p.setRequiresGradient(op.backward());
    return p;
  }

  private NDArray matrices(Operation op, long n) {
    long[] shape = op.shape().clone();
    shape[shape.length - 2] = op.size(-1);
    shape[shape.length - 1] = n;
    return all.randomNormal(new Shape(shape));
  }

  private static Shape both(long n) {
    return new Shape(n, n);
  }
}
