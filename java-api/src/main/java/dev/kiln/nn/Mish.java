package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** {@code x tanh(softplus(x))}; Misra 2019. */
public final class Mish extends Module {
  /** Makes the layer. */
  public Mish() {}

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.mish(x);
  }
}
