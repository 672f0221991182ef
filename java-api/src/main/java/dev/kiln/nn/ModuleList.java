package dev.kiln.nn;

import dev.kiln.KilnException;
import java.util.Iterator;

/** A list of modules, named {@code 0}, {@code 1}, ...; {@link Sequential} also runs them. */
public final class ModuleList extends Holder implements Iterable<Module> {
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
    module(String.valueOf(size()), module);
    return this;
  }

  /** Returns the number of modules. */
  public int size() {
    return namedChildren().size();
  }

  /**
   * Returns a module.
   *
   * @param index its position, from 0
   * @throws KilnException if there is none
   */
  public Module get(int index) {
    Module module = namedChildren().get(String.valueOf(index));
    if (module == null) {
      throw new KilnException("[module_list] there is no module " + index + "; it has " + size());
    }
    return module;
  }

  /** Iterates over the modules, in order. */
  @Override
  public Iterator<Module> iterator() {
    return namedChildren().values().iterator();
  }
}
