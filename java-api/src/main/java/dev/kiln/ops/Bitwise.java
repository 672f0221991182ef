package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Tensor;
import dev.kiln.backend.BinaryOp;

/** Operations on the bits of integers and on truth values, with broadcasting. */
public final class Bitwise {
  private Bitwise() {}

  private static Tensor pair(String name, BinaryOp op, Tensor a, Tensor b) {
    DType dtype = Elementwise.common(a, b);
    if (dtype.isFloating()) {
      throw new DTypeException(
          "["
              + name
              + "] "
              + a.describe()
              + " and "
              + b.describe()
              + " must be integers or BOOL; convert with to(dtype)");
    }
    return Elementwise.binary(
        name, op, Elementwise.as(name, a, dtype), Elementwise.as(name, b, dtype));
  }

  /** Bits set in both. */
  public static Tensor bitwiseAnd(Tensor a, Tensor b) {
    return pair("bitwise_and", BinaryOp.BIT_AND, a, b);
  }

  /** Bits set in either. */
  public static Tensor bitwiseOr(Tensor a, Tensor b) {
    return pair("bitwise_or", BinaryOp.BIT_OR, a, b);
  }

  /** Bits set in one alone. */
  public static Tensor bitwiseXor(Tensor a, Tensor b) {
    return pair("bitwise_xor", BinaryOp.BIT_XOR, a, b);
  }

  /** Every bit turned; of BOOL the opposite. */
  public static Tensor bitwiseNot(Tensor x) {
    Tensor ones = Tensor.scalar(x.dtype() == DType.BOOL ? 1 : -1, x.dtype(), x.device());
    return pair("bitwise_not", BinaryOp.BIT_XOR, x, ones);
  }

  /** a moved up by b bits. */
  public static Tensor bitwiseLeftShift(Tensor a, Tensor b) {
    return pair("bitwise_left_shift", BinaryOp.SHIFT_LEFT, integers(a), b);
  }

  /** a moved down by b bits, its sign repeated. */
  public static Tensor bitwiseRightShift(Tensor a, Tensor b) {
    return pair("bitwise_right_shift", BinaryOp.SHIFT_RIGHT, integers(a), b);
  }

  private static Tensor integers(Tensor x) {
    return Elementwise.number("bitwise_shift", x);
  }
}
