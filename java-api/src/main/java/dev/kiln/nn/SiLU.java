package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** {@code x sigmoid(x)}, also called swish. */
public final class SiLU extends Module {
  /** Makes the layer. */
  public SiLU() {}

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.silu(x);
  }
}
