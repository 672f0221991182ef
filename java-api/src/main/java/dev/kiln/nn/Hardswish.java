package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** {@code x clamp(x / 6 + 1/2, 0, 1)}; Howard et al. 2019. */
public final class Hardswish extends Module {
  /** Makes the layer. */
  public Hardswish() {}

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.hardswish(x);
  }
}
