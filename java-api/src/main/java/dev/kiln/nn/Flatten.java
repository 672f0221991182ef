package dev.kiln.nn;

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

  @Override
  protected String extraRepr() {
    return "start_dim=" + startDim + ", end_dim=" + endDim;
  }
}
