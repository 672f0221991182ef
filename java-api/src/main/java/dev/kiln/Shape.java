package dev.kiln;

import java.util.Arrays;

/** The sizes of a tensor's axes: immutable, rank 0 to {@value #MAX_RANK}. */
public final class Shape {
  /** The highest rank a tensor may have. */
  public static final int MAX_RANK = 6;

  private static final Shape SCALAR = new Shape(new long[0]);

  private final long[] dims;
  private final long numel;

  private Shape(long[] dims) {
    this.dims = dims;
    long n = 1;
    for (long d : dims) {
      n = Math.multiplyExact(n, d);
    }
    this.numel = n;
  }

  /**
   * Makes a shape from its axis sizes.
   *
   * @param dims sizes, outermost first; none for a scalar
   * @return the shape
   * @throws ShapeException if a size is negative, there are more than {@value #MAX_RANK} axes or
   *     the number of elements does not fit 63 bits
   */
  public static Shape of(long... dims) {
    if (dims.length == 0) {
      return SCALAR;
    }
    if (dims.length > MAX_RANK) {
      throw new ShapeException(
          "[shape] "
              + Arrays.toString(dims)
              + " has rank "
              + dims.length
              + "; the highest rank is "
              + MAX_RANK
              + ": merge some axes");
    }
    for (long d : dims) {
      if (d < 0) {
        throw new ShapeException(
            "[shape] " + Arrays.toString(dims) + " has a negative size; sizes are 0 or more");
      }
    }
    try {
      return new Shape(dims.clone());
    } catch (ArithmeticException e) {
      throw new ShapeException(
          "[shape] " + Arrays.toString(dims) + " has more elements than 63 bits can count");
    }
  }

  /**
   * Returns the shape of a scalar.
   *
   * @return the shape of rank 0
   */
  public static Shape scalar() {
    return SCALAR;
  }

  /**
   * Returns the number of axes.
   *
   * @return the rank, 0 for a scalar
   */
  public int rank() {
    return dims.length;
  }

  /**
   * Returns the size of one axis.
   *
   * @param axis the axis; negative counts from the end
   * @return its size
   * @throws ShapeException if there is no such axis
   */
  public long dim(int axis) {
    return dims[axis(axis)];
  }

  /**
   * Turns a possibly negative axis into one counted from the front.
   *
   * @param axis the axis; negative counts from the end
   * @return the axis in 0 .. rank-1
   * @throws ShapeException if there is no such axis
   */
  public int axis(int axis) {
    int a = axis < 0 ? axis + dims.length : axis;
    if (a < 0 || a >= dims.length) {
      throw new ShapeException(
          dims.length == 0
              ? "[shape] a scalar has no axis " + axis
              : "[shape] axis "
                  + axis
                  + " is outside shape "
                  + this
                  + "; valid are "
                  + -dims.length
                  + " to "
                  + (dims.length - 1));
    }
    return a;
  }

  /**
   * Returns the number of elements.
   *
   * @return the product of the sizes, 1 for a scalar
   */
  public long numel() {
    return numel;
  }

  /**
   * Returns a copy of the sizes.
   *
   * @return sizes, outermost first
   */
  public long[] dims() {
    return dims.clone();
  }

  /**
   * Returns the strides of a dense row-major tensor of this shape.
   *
   * @return strides in elements, outermost first
   */
  public long[] denseStrides() {
    long[] strides = new long[dims.length];
    long s = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      strides[i] = s;
      s *= Math.max(1, dims[i]);
    }
    return strides;
  }

  /**
   * Returns this shape with one axis of another size.
   *
   * @param axis the axis; negative counts from the end
   * @param size its new size
   * @return the new shape
   */
  public Shape with(int axis, long size) {
    long[] d = dims.clone();
    d[axis(axis)] = size;
    return of(d);
  }

  /**
   * Returns this shape without one axis.
   *
   * @param axis the axis; negative counts from the end
   * @return the new shape, of a rank one lower
   */
  public Shape without(int axis) {
    int a = axis(axis);
    long[] d = new long[dims.length - 1];
    System.arraycopy(dims, 0, d, 0, a);
    System.arraycopy(dims, a + 1, d, a, d.length - a);
    return of(d);
  }

  /**
   * Returns this shape with one more axis.
   *
   * @param axis where the new axis stands, 0 .. rank
   * @param size its size
   * @return the new shape, of a rank one higher
   */
  public Shape insert(int axis, long size) {
    long[] d = new long[dims.length + 1];
    System.arraycopy(dims, 0, d, 0, axis);
    d[axis] = size;
    System.arraycopy(dims, axis, d, axis + 1, dims.length - axis);
    return of(d);
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Shape && Arrays.equals(dims, ((Shape) o).dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** Returns the sizes as {@code [64,10]}. */
  @Override
  public String toString() {
    StringBuilder s = new StringBuilder("[");
    for (int i = 0; i < dims.length; i++) {
      s.append(i == 0 ? "" : ",").append(dims[i]);
    }
    return s.append(']').toString();
  }
}
