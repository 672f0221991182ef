package dev.kiln.parity;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.backend.HalfFloats;
import java.nio.ByteBuffer;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntToLongFunction;

/** Compares the elements of two results. */
final class Comparison {
  private final double factor;

  Comparison(double factor) {
    this.factor = factor;
  }

  /**
   * The worst element.
   *
   * @param worst its difference as a part of what is allowed; above 1 it is off
   * @param index its place in row-major order
   * @param actual its value
   * @param expected the value it should have
   * @param allowed the difference it may have
   * @param off how many elements differ by more than is allowed
   */
  record Result(
      double worst, int index, String actual, String expected, String allowed, long off) {}

  /**
   * Compares.
   *
   * @param scale the size of what was added up to make the results; 0 if nothing was
   */
  Result of(DType dtype, ByteBuffer actual, ByteBuffer expected, double scale) {
    int n = actual.remaining() / dtype.bytes();
    return switch (dtype) {
      case FLOAT32 -> floats(n, 1e-4, values(dtype, actual), values(dtype, expected), scale);
      case FLOAT64 -> floats(n, 1e-9, values(dtype, actual), values(dtype, expected), scale);
      case FLOAT16 -> floats(n, 4e-3, values(dtype, actual), values(dtype, expected), scale);
      case BFLOAT16 -> floats(n, 3e-2, values(dtype, actual), values(dtype, expected), scale);
      case INT32 -> integers(n, i -> actual.getInt(4 * i), i -> expected.getInt(4 * i));
      case INT64 -> integers(n, i -> actual.getLong(8 * i), i -> expected.getLong(8 * i));
      case UINT8, BOOL -> integers(n, i -> actual.get(i) & 0xff, i -> expected.get(i) & 0xff);
    };
  }

  private static IntToDoubleFunction values(DType dtype, ByteBuffer bytes) {
    return switch (dtype) {
      case FLOAT32 -> i -> bytes.getFloat(4 * i);
      case FLOAT64 -> i -> bytes.getDouble(8 * i);
      case FLOAT16 -> i -> HalfFloats.fromFloat16(bytes.getShort(2 * i));
      case BFLOAT16 -> i -> HalfFloats.fromBfloat16(bytes.getShort(2 * i));
      default -> throw new IllegalArgumentException("[parity] " + dtype + " is not floating");
    };
  }

  /** The largest finite magnitude. */
  static double largest(DType dtype, ByteBuffer bytes) {
    return largest(bytes.remaining() / dtype.bytes(), values(dtype, bytes));
  }

  private static double largest(int n, IntToDoubleFunction values) {
    double largest = 0;
    for (int i = 0; i < n; i++) {
      double v = Math.abs(values.applyAsDouble(i));
      if (v < Double.POSITIVE_INFINITY && v > largest) {
        largest = v;
      }
    }
    return largest;
  }

  private static Result integers(int n, IntToLongFunction actual, IntToLongFunction expected) {
    int first = -1;
    long off = 0;
    for (int i = 0; i < n; i++) {
      if (actual.applyAsLong(i) != expected.applyAsLong(i)) {
        first = first < 0 ? i : first;
        off++;
      }
    }
    if (off == 0) {
      return new Result(0, 0, "", "", "", 0);
    }
    return new Result(
        Double.POSITIVE_INFINITY,
        first,
        String.valueOf(actual.applyAsLong(first)),
        String.valueOf(expected.applyAsLong(first)),
        "no difference",
        off);
  }

  private Result floats(
      int n,
      double tolerance,
      IntToDoubleFunction actual,
      IntToDoubleFunction expected,
      double scale) {
    double largest = Math.max(scale, largest(n, expected));
    double worst = 0;
    int place = 0;
    long off = 0;
    for (int i = 0; i < n; i++) {
      double share =
          share(actual.applyAsDouble(i), expected.applyAsDouble(i), factor * tolerance, largest);
      if (share > 1) {
        off++;
      }
      if (share > worst) {
        worst = share;
        place = i;
      }
    }
    double r = expected.applyAsDouble(place);
    return new Result(
        worst,
        place,
        String.valueOf(actual.applyAsDouble(place)),
        String.valueOf(r),
        Double.isFinite(r) ? "%.2g".formatted(factor * tolerance * (Math.abs(r) + largest)) : "0",
        off);
  }

  private static double share(double actual, double expected, double tolerance, double largest) {
    if (actual == expected || (Double.isNaN(actual) && Double.isNaN(expected))) {
      return 0;
    }
    double difference = Math.abs(actual - expected);
    double allowed = tolerance * (Math.abs(expected) + largest);
    return Double.isFinite(difference) && allowed > 0
        ? difference / allowed
        : Double.POSITIVE_INFINITY;
  }

  /** A place in row-major order as indices, such as {@code [3, 0]}. */
  static String place(int index, Shape shape) {
    long[] at = new long[shape.rank()];
    long rest = index;
    for (int axis = at.length - 1; axis >= 0; axis--) {
      at[axis] = rest % shape.dim(axis);
      rest /= shape.dim(axis);
    }
    return java.util.Arrays.toString(at);
  }
}
