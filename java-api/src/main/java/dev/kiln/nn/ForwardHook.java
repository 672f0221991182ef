package dev.kiln.nn;

import dev.kiln.Tensor;

/** What is run after each {@link Module#call} of a module. */
@FunctionalInterface
public interface ForwardHook {
  /**
   * Looks at a module's work. Inside {@code NoGrad} the output is released once the next layer has
   * used it; take it with {@code Scope.disown(output)} to keep it.
   *
   * @param module the module that ran
   * @param input what it was given
   * @param output what it returned
   */
  void after(Module module, Tensor input, Tensor output);
}
