package dev.kiln.autograd;

import dev.kiln.Tensor;
import dev.kiln.backend.View;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

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

    /**
     * Delivers the gradient of a part of an input; it is added in place where the input has a
     * gradient already, instead of a whole one that is zero elsewhere.
     *
     * @param input the input's position
     * @param part the gradient of the part
     * @param place finds the part in the view of a whole gradient
     * @param whole makes the whole gradient, where there is none to add to
     */
    default void putPart(
        int input, Tensor part, UnaryOperator<View> place, Supplier<Tensor> whole) {
      put(input, whole.get());
    }
  }
}
