package dev.kiln.autograd;

import dev.kiln.Tensor;

/**
 * One input of an op and the rule for its gradient, which runs only if the input needs one.
 *
 * @param input the input
 * @param gradient its rule
 */
public record Edge(Tensor input, Gradient gradient) {
  /**
   * Joins an input and its rule.
   *
   * @param input the input
   * @param gradient its rule
   * @return the edge
   */
  public static Edge of(Tensor input, Gradient gradient) {
    return new Edge(input, gradient);
  }
}
