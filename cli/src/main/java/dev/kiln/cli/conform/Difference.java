package dev.kiln.cli.conform;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.Arrays;
import java.util.Optional;

/**
 * The first element of a value that is not as wanted.
 *
 * @param value the value's name, such as {@code y} or {@code grad.x}
 * @param index where, as {@code [1, 0]}; of a shape or type, its name
 * @param got what came out
 * @param want what should have
 * @param tolerance how far off it might have been
 * @param wrong how many elements are off
 * @param of how many there are
 */
public record Difference(
    String value, String index, String got, String want, double tolerance, long wrong, long of) {

  /** Compares a tensor with what is wanted; empty if it passes. */
  static Optional<Difference> between(Case c, String value, Tensor got, Value want) {
    if (!got.shape().equals(want.shape())) {
      return Optional.of(whole(value, "shape", got.shape(), want.shape()));
    }
    if (kind(got.dtype()) != kind(want.dtype())) {
      return Optional.of(whole(value, "dtype", got.dtype(), want.dtype()));
    }
    double[] elements = got.toDoubleArray();
    boolean exact = !want.dtype().isFloating();
    int first = -1;
    long wrong = 0;
    for (int i = 0; i < elements.length; i++) {
      double limit = exact ? 0 : c.tolerance(value, want.data()[i]);
      if (!matches(elements[i], want.data()[i], limit)) {
        first = first < 0 ? i : first;
        wrong++;
      }
    }
    if (wrong == 0) {
      return Optional.empty();
    }
    return Optional.of(
        new Difference(
            value,
            Arrays.toString(position(want.shape(), first)),
            text(elements[first], exact),
            text(want.data()[first], exact),
            exact ? 0 : c.tolerance(value, want.data()[first]),
            wrong,
            elements.length));
  }

  private static Difference whole(String value, String what, Object got, Object want) {
    return new Difference(value, what, got.toString(), want.toString(), 0, 1, 1);
  }

  /** Floating, integral or BOOL. */
  private static int kind(DType dtype) {
    return dtype.isFloating() ? 2 : dtype.isIntegral() ? 1 : 0;
  }

  static boolean matches(double got, double want, double tolerance) {
    if (Double.isNaN(want) || Double.isNaN(got)) {
      return Double.isNaN(want) && Double.isNaN(got);
    }
    return got == want || Math.abs(got - want) <= tolerance && !Double.isInfinite(want);
  }

  private static long[] position(Shape shape, int offset) {
    long[] at = new long[shape.rank()];
    long rest = offset;
    for (int i = at.length - 1; i >= 0; i--) {
      at[i] = rest % shape.dim(i);
      rest /= shape.dim(i);
    }
    return at;
  }

  private static String text(double value, boolean exact) {
    return exact ? Long.toString((long) value) : Double.toString(value);
  }

  String describe() {
    return "value "
        + value
        + ", index "
        + index
        + ": got "
        + got
        + ", want "
        + want
        + ", tolerance "
        + String.format(java.util.Locale.ROOT, "%.3g", tolerance)
        + (of > 1 ? " (" + wrong + " of " + of + " elements are off)" : "");
  }
}
