package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import java.util.OptionalDouble;

/** Arithmetic of several operands in one call, and elements replaced by their kind or sign. */
public final class Combinations {
  private Combinations() {}

  /** {@code a + alpha * b}, broadcast. */
  public static Tensor add(Tensor a, Tensor b, double alpha) {
    return Elementwise.add(a, alpha == 1 ? b : scaled("add", a, b, alpha));
  }

  /** {@code a - alpha * b}, broadcast. */
  public static Tensor sub(Tensor a, Tensor b, double alpha) {
    return Elementwise.sub(a, alpha == 1 ? b : scaled("sub", a, b, alpha));
  }

  /** alpha * b in the type of the result, which may hold what b's own cannot. */
  private static Tensor scaled(String name, Tensor a, Tensor b, double alpha) {
    return Elementwise.mul(Elementwise.as(name, b, Elementwise.common(a, b)), alpha);
  }

  /** {@code x + value * a * b}, broadcast. */
  public static Tensor addcmul(Tensor x, Tensor a, Tensor b, double value) {
    return add(x, Elementwise.mul(a, b), value);
  }

  /** {@code x + value * a / b}, broadcast; integers become FLOAT32. */
  public static Tensor addcdiv(Tensor x, Tensor a, Tensor b, double value) {
    return add(x, Elementwise.div(a, b), value);
  }

  /** The larger of x and a number; the gradient passes where x counts. */
  public static Tensor clampMin(Tensor x, double min) {
    return Elementwise.clamp(x, min, Double.POSITIVE_INFINITY);
  }

  /** The smaller of x and a number; the gradient passes where x counts. */
  public static Tensor clampMax(Tensor x, double max) {
    return Elementwise.clamp(x, Double.NEGATIVE_INFINITY, max);
  }

  /**
   * a with b's sign, broadcast; at a = 0 the gradient is 0, as b's is everywhere. Integers become
   * FLOAT32.
   *
   * @param a gives the magnitude
   * @param b gives the sign; -0 is negative
   */
  public static Tensor copysign(Tensor a, Tensor b) {
    DType both = Elementwise.common(a, b);
    DType dtype = both.isFloating() ? both : DType.FLOAT32;
    Tensor size = Elementwise.as("copysign", a, dtype);
    Tensor sign = Elementwise.as("copysign", b, dtype);
    Tensor magnitude = size.detach().abs();
    Tensor y = Elementwise.where(Predicates.signbit(sign), magnitude.neg(), magnitude);
    return Autograd.record(
        "copysign",
        y,
        Edge.of(
            size, dy -> dy.mul(Elementwise.where(size.eq(0), 0, y.detach().div(size.detach())))),
        Edge.of(sign, dy -> Tensor.zeros(dy.shape(), dy.dtype(), dy.device())));
  }

  /**
   * Replaces NaN and infinities by numbers; they learn nothing.
   *
   * @param x the input
   * @param nan what NaN becomes; PyTorch's default is 0
   * @param posinf what plus infinity becomes, else the type's largest number
   * @param neginf what minus infinity becomes, else the type's smallest number
   */
  public static Tensor nanToNum(
      Tensor x, double nan, OptionalDouble posinf, OptionalDouble neginf) {
    if (!x.dtype().isFloating()) {
      return x.copy();
    }
    double most = largest(x.dtype());
    Tensor y = Elementwise.where(Predicates.isnan(x), nan, x);
    y = Elementwise.where(Predicates.isposinf(x), posinf.orElse(most), y);
    return Elementwise.where(Predicates.isneginf(x), neginf.orElse(-most), y);
  }

  private static double largest(DType dtype) {
    return switch (dtype) {
      case FLOAT64 -> Double.MAX_VALUE;
      case FLOAT16 -> 65504;
      case BFLOAT16 -> 0x1.FEp127;
      default -> Float.MAX_VALUE;
    };
  }
}
