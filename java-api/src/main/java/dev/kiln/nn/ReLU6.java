package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** {@code min(max(x, 0), 6)}. */
public final class ReLU6 extends Module {
  /** Makes the layer. */
  public ReLU6() {}

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.relu6(x);
  }
}
