package dev.kiln.nn;

import java.util.List;

/**
 * A module that does nothing but run others one after another: its {@code forward} is {@code
 * chain(x, links())}. {@link BatchedModules} runs the links of several such modules together.
 */
public interface Chained {
  /**
   * Returns what runs.
   *
   * @return modules inside this one, in order; one may stand there more than once
   */
  List<Module> links();
}
