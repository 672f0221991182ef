package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** {@code max(x, 0)}. */
public final class ReLU extends Module {
  /** Makes the layer. */
  public ReLU() {}

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.relu(x);
  }
}
