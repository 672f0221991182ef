package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.function.LongToDoubleFunction;

/** Tensors made from nothing, or in the likeness of others. None has a gradient. */
public final class Creation {
  private Creation() {}

  /** A tensor of x's shape, type and device with undefined content. */
  public static Tensor emptyLike(Tensor x) {
    return Tensor.empty(x.shape(), x.dtype(), x.device());
  }

  /** A tensor of x's shape, type and device that holds one value. */
  public static Tensor fullLike(Tensor x, double value) {
    return Tensor.full(x.shape(), value, x.dtype(), x.device());
  }

  /** Zeros of x's shape, type and device. */
  public static Tensor zerosLike(Tensor x) {
    return fullLike(x, 0);
  }

  /** Ones of x's shape, type and device. */
  public static Tensor onesLike(Tensor x) {
    return fullLike(x, 1);
  }

  /** Numbers uniform in [0, 1), of x's shape, type and device. */
  public static Tensor randLike(Tensor x) {
    Check.floating("rand_like", "input", x);
    return Tensor.rand(x.shape(), x.dtype(), x.device());
  }

  /** Standard normal numbers, of x's shape, type and device. */
  public static Tensor randnLike(Tensor x) {
    Check.floating("randn_like", "input", x);
    return Tensor.randn(x.shape(), x.dtype(), x.device());
  }

  /** Ones on the main diagonal of a matrix, 0 elsewhere. */
  public static Tensor eye(long rows, long columns, DType dtype, Device device) {
    Tensor y = Tensor.zeros(Shape.of(rows, columns), dtype, device);
    Diagonals.diagonal(y, 0, 0, 1).fill(1);
    return y;
  }

  private static Tensor line(long n, LongToDoubleFunction f, DType dtype, Device device) {
    double[] values = new double[Math.toIntExact(n)];
    for (int i = 0; i < n; i++) {
      values[i] = f.applyAsDouble(i);
    }
    return Tensor.of(values, device).to(dtype);
  }

  /**
   * The numbers start, start + step, ... below end, or above it for a negative step.
   *
   * @throws dev.kiln.ShapeException if the step is 0 or leads away from end
   */
  public static Tensor arange(double start, double end, double step, DType dtype, Device device) {
    double n = Math.ceil((end - start) / step);
    ShapeRules.require(
        step != 0 && n >= 0,
        () -> "[arange] from " + start + " to " + end + " by " + step + " leads nowhere");
    return line((long) n, i -> start + i * step, dtype, device);
  }

  /** Equally spaced numbers, both ends included. */
  public static Tensor linspace(double start, double end, long steps, DType dtype, Device device) {
    ShapeRules.require(steps >= 0, () -> "[linspace] steps " + steps + " must be 0 or more");
    return line(steps, spaced(start, end, steps), dtype, device);
  }

  /** Counted from the nearer end, so that both are met and the middle is symmetric. */
  private static LongToDoubleFunction spaced(double start, double end, long steps) {
    double step = steps == 1 ? 0 : (end - start) / (steps - 1);
    return i -> i < steps / 2 || steps == 1 ? start + i * step : end - (steps - 1 - i) * step;
  }

  /** The base to the power of equally spaced numbers, both ends included. */
  public static Tensor logspace(
      double start, double end, long steps, double base, DType dtype, Device device) {
    ShapeRules.require(steps >= 0, () -> "[logspace] steps " + steps + " must be 0 or more");
    LongToDoubleFunction exponent = spaced(start, end, steps);
    return line(steps, i -> StrictMath.pow(base, exponent.applyAsDouble(i)), dtype, device);
  }

  /** Rows and columns of the lower triangle of a matrix, in row-major order: INT64 [2, count]. */
  public static Tensor trilIndices(long rows, long columns, long offset, Device device) {
    return triangle(rows, columns, offset, true, device);
  }

  /** Rows and columns of the upper triangle of a matrix, in row-major order: INT64 [2, count]. */
  public static Tensor triuIndices(long rows, long columns, long offset, Device device) {
    return triangle(rows, columns, offset, false, device);
  }

  private static Tensor triangle(
      long rows, long columns, long offset, boolean lower, Device device) {
    long[] first = new long[Math.toIntExact(rows)];
    long[] last = new long[first.length];
    int count = 0;
    for (int i = 0; i < rows; i++) {
      first[i] = lower ? 0 : Math.min(columns, Math.max(0, i + offset));
      last[i] = lower ? Math.min(columns, Math.max(0, i + offset + 1)) : columns;
      count = Math.addExact(count, (int) (last[i] - first[i]));
    }
    long[] both = new long[2 * count];
    int at = 0;
    for (int i = 0; i < rows; i++) {
      for (long j = first[i]; j < last[i]; j++) {
        both[at] = i;
        both[count + at++] = j;
      }
    }
    return Tensor.of(both, Shape.of(2, count), device);
  }
}
