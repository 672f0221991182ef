package dev.kiln.autograd;

import dev.kiln.Tensor;

/** The rule for the gradient of one input of an op. */
@FunctionalInterface
public interface Gradient {
  /**
   * Computes the gradient of an input.
   *
   * @param dy the gradient of the op's result, of its shape
   * @return the gradient of the input; the walker sums it down where the input was broadcast
   */
  Tensor of(Tensor dy);
}
