package dev.kiln.nn;

import java.util.List;

/**
 * A module that does nothing but add what two paths make of its input, and run others on the sum:
 * its {@code forward} is {@code chain(chain(x, main()).add(chain(x, side())), after())}. {@link
 * BatchedModules} runs several such modules together.
 */
public interface Branched {
  /**
   * Returns the main path.
   *
   * @return modules inside this one, in order
   */
  List<Module> main();

  /**
   * Returns the other path, whose output has the same shape.
   *
   * @return modules inside this one, in order; none for the input itself
   */
  List<Module> side();

  /**
   * Returns what follows the sum.
   *
   * @return modules inside this one, in order
   */
  List<Module> after();
}
