package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** {@code clamp(x / 6 + 1/2, 0, 1)}. */
public final class Hardsigmoid extends Module {
  /** Makes the layer. */
  public Hardsigmoid() {}

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.hardsigmoid(x);
  }
}
