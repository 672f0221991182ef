package dev.kiln.nn;

import dev.kiln.KilnException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/** A list of modules, named {@code 0}, {@code 1}, ...; {@link Sequential} also runs them. */
public final class ModuleList extends Holder implements Iterable<Module> {
  private final List<Module> modules = new ArrayList<>();

  /** Makes a list, in order. */
  public ModuleList(Module... modules) {
    for (Module m : modules) {
      add(m);
    }
  }

  /**
   * Adds a module at the end.
   *
   * @return this list
   * @throws KilnException if the module contains this list
   */
  public ModuleList add(Module module) {
    modules.add(module(String.valueOf(modules.size()), module));
    return this;
  }

  /** Returns the number of modules. */
  public int size() {
    return modules.size();
  }

  /**
   * Returns a module.
   *
   * @param index its position, from 0
   * @throws KilnException if there is none
   */
  public Module get(int index) {
    if (index < 0 || index >= modules.size()) {
      throw new KilnException(
          "[module_list] there is no module " + index + "; it has " + modules.size());
    }
    return modules.get(index);
  }

  /** Iterates over the modules, in order. */
  @Override
  public Iterator<Module> iterator() {
    return Collections.unmodifiableList(modules).iterator();
  }
}
