package dev.kiln.nn;

import dev.kiln.KilnException;
import java.util.Map;
import java.util.Set;

/** Modules by name, in order. */
public final class ModuleDict extends Holder {
  /** Makes an empty dictionary. */
  public ModuleDict() {}

  /** Makes a dictionary, in the map's order. */
  public ModuleDict(Map<String, ? extends Module> modules) {
    modules.forEach(this::put);
  }

  /**
   * Adds a module.
   *
   * @param key letters, digits, {@code _} and {@code -}
   * @return this dictionary
   * @throws KilnException if the key is taken or illegal, or the module contains this dictionary
   */
  public ModuleDict put(String key, Module module) {
    module(key, module);
    return this;
  }

  /** Returns the number of modules. */
  public int size() {
    return namedChildren().size();
  }

  /** Returns the keys, in order. */
  public Set<String> keySet() {
    return namedChildren().keySet();
  }

  /**
   * Returns a module.
   *
   * @throws KilnException if there is none of that key
   */
  public Module get(String key) {
    Module module = namedChildren().get(key);
    if (module == null) {
      throw new KilnException("[module_dict] there is no module \"" + key + "\" in " + keySet());
    }
    return module;
  }
}
