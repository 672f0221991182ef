package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;

/** Questions about elements, answered as BOOL, and whether two tensors are alike. */
public final class Predicates {
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private Predicates() {}

  private static Tensor never(Tensor x) {
    return Tensor.zeros(x.shape(), DType.BOOL, x.device());
  }

  /** Whether an element is not a number. */
  public static Tensor isnan(Tensor x) {
    return Elementwise.ne(x.detach(), x.detach());
  }

  /** Whether an element is infinite. */
  public static Tensor isinf(Tensor x) {
    return x.dtype().isFloating() ? x.detach().abs().eq(INFINITY) : never(x);
  }

  /** Whether an element is neither infinite nor NaN. */
  public static Tensor isfinite(Tensor x) {
    return x.dtype().isFloating() ? x.detach().abs().lt(INFINITY) : logicalNot(never(x));
  }

  /** Whether an element is plus infinity. */
  public static Tensor isposinf(Tensor x) {
    return x.dtype().isFloating() ? x.detach().eq(INFINITY) : never(x);
  }

  /** Whether an element is minus infinity. */
  public static Tensor isneginf(Tensor x) {
    return x.dtype().isFloating() ? x.detach().eq(-INFINITY) : never(x);
  }

  /** Whether an element is below 0, or -0; a NaN is not. */
  public static Tensor signbit(Tensor x) {
    Tensor below = x.detach().lt(0);
    if (!x.dtype().isFloating()) {
      return below;
    }
    Tensor zero = Elementwise.logicalAnd(x.detach().eq(0), x.detach().reciprocal().lt(0));
    return Elementwise.logicalOr(below, zero);
  }

  /** Whether an element is 0. */
  public static Tensor logicalNot(Tensor x) {
    return x.detach().eq(0);
  }

  /** Whether one alone of two elements is other than 0, broadcast. */
  public static Tensor logicalXor(Tensor a, Tensor b) {
    return Elementwise.ne(a.detach().to(DType.BOOL), b.detach().to(DType.BOOL));
  }

  /**
   * Whether {@code |a - b| <= atol + rtol |b|}, or both are the same infinity.
   *
   * @param a broadcast with b
   * @param b of a's type
   * @param rtol the tolerance relative to b; PyTorch's default is 1e-5
   * @param atol the absolute tolerance; PyTorch's default is 1e-8
   * @param equalNan whether a NaN is close to a NaN
   */
  public static Tensor isclose(Tensor a, Tensor b, double rtol, double atol, boolean equalNan) {
    Check.sameType("isclose", "input", a, "other", b);
    return NoGrad.run(
        () -> {
          Tensor same = Elementwise.eq(a, b);
          if (equalNan) {
            same = Elementwise.logicalOr(same, Elementwise.logicalAnd(isnan(a), isnan(b)));
          }
          // Integers are compared in double precision, which holds their tolerances.
          boolean floating = a.dtype().isFloating();
          Tensor x = floating ? a : a.to(DType.FLOAT64);
          Tensor y = floating ? b : b.to(DType.FLOAT64);
          Tensor allowed = Elementwise.affine(y.abs(), rtol, atol);
          Tensor apart = x.sub(y).abs();
          Tensor near = Elementwise.logicalAnd(isfinite(apart), Elementwise.le(apart, allowed));
          return Elementwise.logicalOr(same, near);
        });
  }

  /**
   * Whether all elements are close; see {@link #isclose}. Reads the answer, so it waits for the
   * device.
   */
  public static boolean allclose(Tensor a, Tensor b, double rtol, double atol, boolean equalNan) {
    return Reductions.all(isclose(a, b, rtol, atol, equalNan), new int[0], false).item() != 0;
  }

  /**
   * Whether two tensors of one type have the same shape and elements; a NaN equals nothing. Reads
   * the answer, so it waits for the device.
   */
  public static boolean equal(Tensor a, Tensor b) {
    if (a.dtype() != b.dtype()) {
      throw new DTypeException(
          "[equal] " + a.describe() + " and " + b.describe() + " have different types");
    }
    return a.shape().equals(b.shape())
        && Reductions.all(Elementwise.eq(a, b), new int[0], false).item() != 0;
  }
}
