package dev.kiln.nn;

import dev.kiln.Tensor;

/** Returns its input. */
public final class Identity extends Module {
  /** Makes the layer. */
  public Identity() {}

  @Override
  public Tensor forward(Tensor x) {
    return x;
  }
}
