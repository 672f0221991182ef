package dev.kiln.cpu;

import dev.kiln.Shape;
import dev.kiln.backend.View;

/**
 * Visits the elements of views of one shape together, in row-major order.
 *
 * <pre>{@code for (Walk w = new Walk(out, x); w.more(); w.step()) ... w.at(0) ... w.at(1) ...}
 * </pre>
 */
final class Walk {
  private final Shape shape;
  private final long[][] strides;
  private final long[] start;
  private final long[] at;
  private final long[] index;
  private long left;

  /** Starts at the first element of every view. */
  Walk(View... views) {
    shape = views[0].shape();
    strides = new long[views.length][];
    start = new long[views.length];
    for (int v = 0; v < views.length; v++) {
      strides[v] = views[v].strides();
      start[v] = views[v].offset();
    }
    at = start.clone();
    index = new long[shape.rank()];
    left = shape.numel();
  }

  /** Whether there is an element here. */
  boolean more() {
    return left > 0;
  }

  /** The position of the present element in the storage of a view. */
  long at(int view) {
    return at[view];
  }

  /** Goes back to the first element, with the first view moved to another place. */
  void restart(long offset) {
    java.util.Arrays.fill(index, 0);
    System.arraycopy(start, 0, at, 0, at.length);
    at[0] = offset;
    left = shape.numel();
  }

  /** Goes to the next element. */
  void step() {
    left--;
    for (int axis = index.length - 1; axis >= 0; axis--) {
      index[axis]++;
      boolean carry = index[axis] == shape.dim(axis);
      for (int v = 0; v < at.length; v++) {
        at[v] += carry ? strides[v][axis] * (1 - index[axis]) : strides[v][axis];
      }
      if (!carry) {
        return;
      }
      index[axis] = 0;
    }
  }
}
