package dev.kiln.oracle;

import java.util.Arrays;

/**
 * A tensor as a case file holds it.
 *
 * @param dtype the element type as the file names it: float32, float64, int64 or bool
 * @param shape the sizes
 * @param grad whether its gradient is asked for
 * @param data row-major elements
 */
record Value(String dtype, long[] shape, boolean grad, double[] data) {

  /** Checks that the elements fill the shape. */
  Value {
    if (Arrays.stream(shape).reduce(1, (a, b) -> a * b) != data.length) {
      throw new IllegalArgumentException(
          "shape " + Arrays.toString(shape) + " does not hold " + data.length + " elements");
    }
  }

  boolean floating() {
    return dtype.startsWith("float");
  }

  /** The same without a gradient. */
  Value fixed() {
    return new Value(dtype, shape, false, data);
  }

  /** The same as float64. */
  Value wide() {
    return new Value("float64", shape, grad, data);
  }

  /** The same elements in another shape. */
  Value as(long... sizes) {
    return new Value(dtype, sizes, grad, data);
  }

  /** Each element through a function, and back to float32. */
  Value map(java.util.function.DoubleUnaryOperator f) {
    return new Value(
        dtype, shape, grad, Arrays.stream(data).map(v -> (float) f.applyAsDouble(v)).toArray());
  }
}
