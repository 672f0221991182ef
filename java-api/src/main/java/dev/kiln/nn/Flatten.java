package dev.kiln.nn;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Shaping;

/** Merges neighbouring axes into one, by default all but the batch axis. */
public final class Flatten extends Module {
  private final int startDim;
  private final int endDim;

  /** Keeps axis 0 and merges all others. */
  public Flatten() {
    this(1, -1);
  }

  /**
   * Makes the layer.
   *
   * @param startDim the first axis to merge; a negative one counts from the end
   * @param endDim the last axis to merge
   */
  public Flatten(int startDim, int endDim) {
    this.startDim = startDim;
    this.endDim = endDim;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Shaping.flatten(x, startDim, endDim);
  }

  /** Flattens each of several tensors that lie stacked on axis 0. */
  Tensor each(Tensor x) {
    int rank = x.dim() - 1;
    int start = startDim < 0 ? startDim + rank : startDim;
    int end = endDim < 0 ? endDim + rank : endDim;
    if (start < 0 || end < 0) {
      throw new ShapeException(
          "[flatten] axes %d to %d are not in each of %s"
              .formatted(startDim, endDim, x.describe()));
    }
    return Shaping.flatten(x, start + 1, end + 1);
  }

  @Override
  protected String extraRepr() {
    return "start_dim=" + startDim + ", end_dim=" + endDim;
  }
}
