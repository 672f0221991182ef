package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** {@code 1 / (1 + e^-x)}. */
public final class Sigmoid extends Module {
  /** Makes the layer. */
  public Sigmoid() {}

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.sigmoid(x);
  }
}
