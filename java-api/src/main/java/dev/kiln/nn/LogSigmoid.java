package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/** {@code ln(1 / (1 + e^-x))}, without overflow. */
public final class LogSigmoid extends Module {
  /** Makes the layer. */
  public LogSigmoid() {}

  @Override
  public Tensor forward(Tensor x) {
    return Elementwise.logSigmoid(x);
  }
}
