package dev.kiln.cuda;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.backend.ReduceOp;
import dev.kiln.backend.View;

/** Views and types for ops along axes. */
final class Axes {
  private Axes() {}

  /** A reduction's output in the shape of its input: it stands still along reduced axes. */
  static View alongReduced(View out, Shape x, int[] axes) {
    long[] strides = out.strides();
    for (int axis : axes) {
      strides[axis] = 0;
    }
    return View.strided(out.storage(), out.offset(), x, strides);
  }

  /** A view with the sizes of an index, which stands still along the indexed axis. */
  static View standingStill(View x, Shape index, int axis) {
    long[] strides = x.strides();
    strides[axis] = 0;
    return View.strided(x.storage(), x.offset(), index, strides);
  }

  /** The type in which a reduction's kernels take their input. */
  static DType taken(ReduceOp op, DType x) {
    return switch (op) {
      case ANY, ALL -> DType.BOOL;
      case MEAN -> x.isFloating() ? x : DType.FLOAT64;
      default -> x.isFloating() ? x : DType.INT64;
    };
  }

  /** The type in which a reduction's kernels give their result. */
  static DType given(ReduceOp op, DType taken) {
    return switch (op) {
      case ARGMAX, ARGMIN -> DType.INT64;
      default -> taken;
    };
  }
}
