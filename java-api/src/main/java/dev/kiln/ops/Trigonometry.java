package dev.kiln.ops;

import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.MathOp;

/**
 * Circular and hyperbolic functions and their inverses; angles are in radians. Sine, cosine and
 * tanh stand in {@link Elementwise}. Integers and BOOL become FLOAT32.
 */
public final class Trigonometry {
  private Trigonometry() {}

  /** The tangent. */
  public static Tensor tan(Tensor x) {
    return MathFunctions.of("tan", MathOp.TAN, x, (dy, in, y) -> dy.mul(y.square().add(1)));
  }

  /** The arc sine; NaN outside -1 .. 1. */
  public static Tensor asin(Tensor x) {
    return MathFunctions.of("asin", MathOp.ASIN, x, (dy, in, y) -> dy.mul(circle(in)));
  }

  /** The arc cosine; NaN outside -1 .. 1. */
  public static Tensor acos(Tensor x) {
    return MathFunctions.of("acos", MathOp.ACOS, x, (dy, in, y) -> dy.mul(circle(in)).neg());
  }

  private static Tensor circle(Tensor x) {
    return Elementwise.affine(x.square(), -1, 1).rsqrt();
  }

  /** The arc tangent. */
  public static Tensor atan(Tensor x) {
    return MathFunctions.of("atan", MathOp.ATAN, x, (dy, in, y) -> dy.div(in.square().add(1)));
  }

  /** The hyperbolic sine. */
  public static Tensor sinh(Tensor x) {
    return MathFunctions.of("sinh", MathOp.SINH, x, (dy, in, y) -> dy.mul(cosh(in)));
  }

  /** The hyperbolic cosine. */
  public static Tensor cosh(Tensor x) {
    return MathFunctions.of("cosh", MathOp.COSH, x, (dy, in, y) -> dy.mul(sinh(in)));
  }

  /** The inverse of the hyperbolic sine. */
  public static Tensor asinh(Tensor x) {
    return MathFunctions.of(
        "asinh", MathOp.ASINH, x, (dy, in, y) -> dy.mul(in.square().add(1).rsqrt()));
  }

  /** The inverse of the hyperbolic cosine; NaN below 1. */
  public static Tensor acosh(Tensor x) {
    return MathFunctions.of(
        "acosh", MathOp.ACOSH, x, (dy, in, y) -> dy.mul(in.square().sub(1).rsqrt()));
  }

  /** The inverse of the hyperbolic tangent; NaN outside -1 .. 1. */
  public static Tensor atanh(Tensor x) {
    return MathFunctions.of(
        "atanh", MathOp.ATANH, x, (dy, in, y) -> dy.div(Elementwise.affine(in.square(), -1, 1)));
  }

  /**
   * The angle of the point (x, y), -pi .. pi.
   *
   * @param y broadcast with x
   * @param x broadcast with y
   */
  public static Tensor atan2(Tensor y, Tensor x) {
    Tensor r = pair("atan2", BinaryOp.ATAN2, y, x);
    // An integer's square may not fit its own type.
    Tensor b = x.to(r.dtype());
    Tensor a = y.to(r.dtype());
    return Autograd.record(
        "atan2",
        r,
        Edge.of(a, dy -> dy.mul(b.div(a.square().add(b.square())))),
        Edge.of(b, dy -> dy.mul(a.div(a.square().add(b.square()))).neg()));
  }

  /**
   * {@code sqrt(a^2 + b^2)} without overflow on the way.
   *
   * @param a broadcast with b
   * @param b broadcast with a
   */
  public static Tensor hypot(Tensor a, Tensor b) {
    Tensor r = pair("hypot", BinaryOp.HYPOT, a, b);
    return Autograd.record(
        "hypot",
        r,
        Edge.of(a, dy -> dy.mul(a.div(hypot(a, b)))),
        Edge.of(b, dy -> dy.mul(b.div(hypot(a, b)))));
  }

  private static Tensor pair(String name, BinaryOp op, Tensor a, Tensor b) {
    var mixed = Elementwise.common(a, b);
    var dtype = mixed.isFloating() ? mixed : dev.kiln.DType.FLOAT32;
    return Elementwise.binary(
        name, op, Elementwise.as(name, a, dtype), Elementwise.as(name, b, dtype));
  }

  /** Degrees as radians. */
  public static Tensor deg2rad(Tensor x) {
    return Elementwise.floating("deg2rad", x).mul(Math.PI / 180);
  }

  /** Radians as degrees. */
  public static Tensor rad2deg(Tensor x) {
    return Elementwise.floating("rad2deg", x).mul(180 / Math.PI);
  }
}
