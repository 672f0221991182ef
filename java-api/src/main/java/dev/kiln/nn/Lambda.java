package dev.kiln.nn;

import dev.kiln.Tensor;
import java.util.function.UnaryOperator;

/** A function without parameters as a module: {@code new Lambda(x -> x.mul(2))}. */
public final class Lambda extends Module {
  private final String name;
  private final UnaryOperator<Tensor> function;

  /** Makes a module of a function. */
  public Lambda(UnaryOperator<Tensor> function) {
    this("", function);
  }

  /**
   * Makes a module of a function.
   *
   * @param name what it does, for {@link #toString}
   * @param function the function; called at the same time by all threads that call the module
   */
  public Lambda(String name, UnaryOperator<Tensor> function) {
    this.name = name;
    this.function = function;
  }

  @Override
  public Tensor forward(Tensor x) {
    return function.apply(x);
  }

  @Override
  protected String extraRepr() {
    return name;
  }
}
