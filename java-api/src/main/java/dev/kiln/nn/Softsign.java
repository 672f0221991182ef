package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** {@code x / (1 + |x|)}. */
public final class Softsign extends Module {
  /** Makes the layer. */
  public Softsign() {}

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.softsign(x);
  }
}
