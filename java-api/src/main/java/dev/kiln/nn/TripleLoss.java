package dev.kiln.nn;

import dev.kiln.Tensor;

/**
 * A function of three tensors that says how far they are from what they should be, such as two
 * scores and which shall be higher. Each implementation says what its tensors are.
 */
@FunctionalInterface
public interface TripleLoss {
  /**
   * Computes the loss.
   *
   * @param first the first tensor
   * @param second the second tensor
   * @param third the third tensor
   * @return a scalar, or single losses where nothing is reduced
   */
  Tensor of(Tensor first, Tensor second, Tensor third);
}
