package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** The hyperbolic tangent. */
public final class Tanh extends Module {
  /** Makes the layer. */
  public Tanh() {}

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.tanh(x);
  }
}
