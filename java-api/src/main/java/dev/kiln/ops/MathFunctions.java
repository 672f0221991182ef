package dev.kiln.ops;

import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.Gradient;
import dev.kiln.backend.MathOp;

/** Runs the functions of {@link MathOp}; each op gives its gradient as ops. */
final class MathFunctions {
  private MathFunctions() {}

  /** A function and its slope; integers become FLOAT32. */
  static Tensor of(String name, MathOp op, Tensor input, double a, Slope slope) {
    Tensor x = Elementwise.floating(name, input);
    Tensor dense = Check.dense(name, "input", x);
    Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
    Check.backend(name, x).math(op, y.view(), dense.view(), a);
    Gradient gradient = dy -> slope.times(dy, x, y);
    return Autograd.record(name, y, Edge.of(x, gradient));
  }

  static Tensor of(String name, MathOp op, Tensor input, Slope slope) {
    return of(name, op, input, 0, slope);
  }

  /** The gradient of x from that of y. */
  @FunctionalInterface
  interface Slope {
    /** Returns {@code dy * f'(x)}, written with ops. */
    Tensor times(Tensor dy, Tensor x, Tensor y);
  }
}
