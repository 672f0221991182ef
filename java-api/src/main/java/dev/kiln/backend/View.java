package dev.kiln.backend;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.util.Arrays;

/**
 * A window onto a {@link Storage}: element {@code (i0, i1, ...)} stands at {@code offset + i0 *
 * strides[0] + i1 * strides[1] + ...}, all counted in elements.
 */
public final class View {
  private final Storage storage;
  private final long offset;
  private final Shape shape;
  private final long[] strides;
  private final boolean dense;

  private View(Storage storage, long offset, Shape shape, long[] strides) {
    this.storage = storage;
    // A part of nothing may begin beyond the memory's end; a device is never asked to look there.
    this.offset = shape.numel() == 0 ? 0 : offset;
    this.shape = shape;
    this.strides = strides;
    this.dense = dense(shape, strides);
  }

  /**
   * Makes a dense row-major view.
   *
   * @param storage the memory
   * @param offset the first element
   * @param shape the sizes
   * @return the view
   */
  public static View dense(Storage storage, long offset, Shape shape) {
    return new View(storage, offset, shape, shape.denseStrides());
  }

  /**
   * Makes a view with any strides.
   *
   * @param storage the memory
   * @param offset the first element
   * @param shape the sizes
   * @param strides one stride per axis, in elements; 0 repeats an element
   * @return the view
   */
  public static View strided(Storage storage, long offset, Shape shape, long... strides) {
    if (strides.length != shape.rank()) {
      throw new IllegalArgumentException(
          "[view] " + strides.length + " strides for shape " + shape + "; one per axis");
    }
    return new View(storage, offset, shape, strides.clone());
  }

  private static boolean dense(Shape shape, long[] strides) {
    long s = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      long d = shape.dim(i);
      if (d == 0) {
        return true;
      }
      if (d != 1 && strides[i] != s) {
        return false;
      }
      s *= d;
    }
    return true;
  }

  /**
   * Returns the memory seen through.
   *
   * @return the storage
   */
  public Storage storage() {
    return storage;
  }

  /**
   * Returns where the first element stands.
   *
   * @return the offset in elements
   */
  public long offset() {
    return offset;
  }

  /**
   * Returns the sizes.
   *
   * @return the shape
   */
  public Shape shape() {
    return shape;
  }

  /**
   * Returns the element type.
   *
   * @return the storage's type
   */
  public DType dtype() {
    return storage.dtype();
  }

  /**
   * Returns the stride of one axis.
   *
   * @param axis the axis, from 0
   * @return the step in elements
   */
  public long stride(int axis) {
    return strides[axis];
  }

  /**
   * Returns a copy of all strides.
   *
   * @return strides in elements, outermost first
   */
  public long[] strides() {
    return strides.clone();
  }

  /**
   * Returns the number of elements.
   *
   * @return the shape's element count
   */
  public long numel() {
    return shape.numel();
  }

  /**
   * Tells whether elements lie one after another in row-major order.
   *
   * @return true if the view is dense
   */
  public boolean isDense() {
    return dense;
  }

  /**
   * Returns the same elements in another shape.
   *
   * @param to the new shape, with as many elements; this view must be dense
   * @return a dense view
   */
  public View reshape(Shape to) {
    if (!dense || to.numel() != numel()) {
      throw new IllegalArgumentException("[view] cannot see " + this + " as " + to);
    }
    return dense(storage, offset, to);
  }

  /**
   * Returns a part of one axis.
   *
   * @param axis the axis, from 0
   * @param start the first index
   * @param length how many indices
   * @return the narrowed view
   */
  public View narrow(int axis, long start, long length) {
    return slice(axis, start, length, 1);
  }

  /**
   * Returns every {@code step}-th index of one axis.
   *
   * @param axis the axis, from 0
   * @param start the first index
   * @param length how many indices
   * @param step the distance between two
   * @return the sliced view
   */
  public View slice(int axis, long start, long length, long step) {
    long[] s = strides.clone();
    s[axis] *= step;
    return new View(storage, offset + start * strides[axis], shape.with(axis, length), s);
  }

  /**
   * Returns one index of an axis, without the axis.
   *
   * @param axis the axis, from 0
   * @param index the index
   * @return a view of a rank one lower
   */
  public View select(int axis, long index) {
    long[] s = new long[strides.length - 1];
    System.arraycopy(strides, 0, s, 0, axis);
    System.arraycopy(strides, axis + 1, s, axis, s.length - axis);
    return new View(storage, offset + index * strides[axis], shape.without(axis), s);
  }

  /**
   * Returns the view with its axes in another order.
   *
   * @param axes for each new axis the old one
   * @return the permuted view
   */
  public View permute(int... axes) {
    long[] d = new long[axes.length];
    long[] s = new long[axes.length];
    for (int i = 0; i < axes.length; i++) {
      d[i] = shape.dim(axes[i]);
      s[i] = strides[axes[i]];
    }
    return new View(storage, offset, Shape.of(d), s);
  }

  /**
   * Returns the view repeated to a larger shape, by strides of 0.
   *
   * @param to a shape that this one broadcasts to
   * @return the expanded view
   */
  public View expand(Shape to) {
    int lead = to.rank() - shape.rank();
    long[] s = new long[to.rank()];
    for (int i = lead; i < s.length; i++) {
      s[i] = shape.dim(i - lead) == 1 && to.dim(i) != 1 ? 0 : strides[i - lead];
    }
    return new View(storage, offset, to, s);
  }

  /**
   * Returns the view with one more axis of size 1.
   *
   * @param axis where the new axis stands
   * @return a view of a rank one higher
   */
  public View unsqueeze(int axis) {
    long[] s = new long[strides.length + 1];
    System.arraycopy(strides, 0, s, 0, axis);
    s[axis] = axis < strides.length ? strides[axis] * shape.dim(axis) : 1;
    System.arraycopy(strides, axis, s, axis + 1, strides.length - axis);
    return new View(storage, offset, shape.insert(axis, 1), s);
  }

  /** Returns dtype and shape, such as {@code f32[64,10]}. */
  @Override
  public String toString() {
    return dtype().toString() + shape + (dense ? "" : " strides " + Arrays.toString(strides));
  }
}
