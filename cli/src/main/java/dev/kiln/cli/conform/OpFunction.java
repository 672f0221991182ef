package dev.kiln.cli.conform;

import dev.kiln.Tensor;
import java.util.Map;

/** Runs one op of a case on the device. */
@FunctionalInterface
public interface OpFunction {
  /**
   * Computes the outputs.
   *
   * @param in the inputs, those with a gradient recorded
   * @param at the attributes
   * @return the outputs by name
   */
  Map<String, Tensor> run(Inputs in, Attrs at);

  /** An op whose only output is called {@code y}. */
  @FunctionalInterface
  interface Single {
    /** Computes the output. */
    Tensor run(Inputs in, Attrs at);
  }
}
