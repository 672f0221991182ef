package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Activations;

/** {@code x - tanh(x)}. */
public final class Tanhshrink extends Module {
  /** Makes the layer. */
  public Tanhshrink() {}

  @Override
  public Tensor forward(Tensor x) {
    return Activations.tanhshrink(x);
  }
}
