package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.MathOp;

/**
 * Rounded quotients, what they leave, and the parts of a number before and behind the point.
 * Integers stay integers; they must not be divided by 0.
 */
public final class Division {
  private Division() {}

  private static Tensor pair(String name, BinaryOp op, Tensor a, Tensor b) {
    DType dtype = Elementwise.common(a, b);
    return Elementwise.binary(
        name,
        op,
        Elementwise.number(name, Elementwise.as(name, a, dtype)),
        Elementwise.as(name, b, dtype));
  }

  /** {@code a / b} rounded down, broadcast. It has no gradient. */
  public static Tensor floorDivide(Tensor a, Tensor b) {
    return pair("floor_divide", BinaryOp.FLOOR_DIV, a, b);
  }

  /** {@code x / value} rounded down. It has no gradient. */
  public static Tensor floorDivide(Tensor x, double value) {
    return floorDivide(x, Elementwise.constant(x, value));
  }

  /** {@code a - b floor(a / b)}, of b's sign as in Python, broadcast. */
  public static Tensor remainder(Tensor a, Tensor b) {
    Tensor y = pair("remainder", BinaryOp.REMAINDER, a, b);
    return Autograd.record(
        "remainder",
        y,
        Edge.of(a, dy -> dy),
        Edge.of(b, dy -> dy.mul(floorDivide(a.detach(), b.detach())).neg()));
  }

  /** {@code x - value floor(x / value)}, of value's sign. */
  public static Tensor remainder(Tensor x, double value) {
    return remainder(x, Elementwise.constant(x, value));
  }

  /** {@code a - b trunc(a / b)}, of a's sign as in C, broadcast. */
  public static Tensor fmod(Tensor a, Tensor b) {
    Tensor y = pair("fmod", BinaryOp.FMOD, a, b);
    return Autograd.record(
        "fmod",
        y,
        Edge.of(a, dy -> dy),
        Edge.of(
            b,
            dy ->
                dy.mul(Elementwise.div(a.detach(), b.detach(), Elementwise.Rounding.TRUNC)).neg()));
  }

  /** {@code x - value trunc(x / value)}, of x's sign. */
  public static Tensor fmod(Tensor x, double value) {
    return fmod(x, Elementwise.constant(x, value));
  }

  /** x without its fraction. The gradient is 0. */
  public static Tensor trunc(Tensor x) {
    Elementwise.number("trunc", x);
    return x.dtype().isFloating()
        ? MathFunctions.of("trunc", MathOp.TRUNC, x, (dy, in, y) -> zeros(dy))
        : x.copy();
  }

  private static Tensor zeros(Tensor like) {
    return Tensor.zeros(like.shape(), like.dtype(), like.device());
  }

  /** The fraction of x, {@code x - trunc(x)}, of x's sign. */
  public static Tensor frac(Tensor x) {
    Check.floating("frac", "input", x);
    return x.sub(trunc(x.detach()));
  }
}
