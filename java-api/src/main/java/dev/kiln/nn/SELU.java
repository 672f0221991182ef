package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** Scaled ELU; Klambauer et al. 2017. */
public final class SELU extends Module {
  /** Makes the layer. */
  public SELU() {}

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.selu(x);
  }
}
