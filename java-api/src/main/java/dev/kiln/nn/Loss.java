package dev.kiln.nn;

import dev.kiln.Tensor;

/** A function that says how far a model's output is from its target. */
@FunctionalInterface
public interface Loss {
  /**
   * Computes the loss.
   *
   * @param output what the model returned
   * @param target what it should have been
   * @return a scalar, or single losses where nothing is reduced
   */
  Tensor of(Tensor output, Tensor target);
}
