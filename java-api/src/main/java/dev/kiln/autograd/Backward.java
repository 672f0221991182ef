package dev.kiln.autograd;

import dev.kiln.Tensor;

/** The backward of an op whose input gradients are computed together. */
@FunctionalInterface
public interface Backward {
  /**
   * Computes the gradients of the inputs.
   *
   * @param dy the gradient of the op's result
   * @param into takes each gradient, and tells which are needed
   */
  void run(Tensor dy, Sink into);

  /** Takes the gradients of an op's inputs. */
  interface Sink {
    /**
     * Tells whether an input needs a gradient.
     *
     * @param input the input's position
     * @return false if its gradient would be thrown away
     */
    boolean needs(int input);

    /**
     * Delivers the gradient of an input.
     *
     * @param input the input's position
     * @param gradient its gradient
     */
    void put(int input, Tensor gradient);
  }
}
