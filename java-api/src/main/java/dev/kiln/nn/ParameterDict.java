package dev.kiln.nn;

import dev.kiln.DTypeException;
import dev.kiln.KilnException;
import dev.kiln.Tensor;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Parameters by name, in order. */
public final class ParameterDict extends Holder {
  /** Makes an empty dictionary. */
  public ParameterDict() {}

  /** Makes a dictionary, in the map's order; the tensors become parameters. */
  public ParameterDict(Map<String, Tensor> tensors) {
    tensors.forEach(this::put);
  }

  /**
   * Adds a parameter.
   *
   * @param key letters, digits, {@code _} and {@code -}
   * @return this dictionary
   * @throws KilnException if the key is taken or illegal
   * @throws DTypeException if the tensor is not floating
   */
  public ParameterDict put(String key, Tensor tensor) {
    parameter(key, tensor);
    return this;
  }

  /** Returns the number of parameters. */
  public int size() {
    return namedParameters().size();
  }

  /** Returns the keys, in order. */
  public Set<String> keySet() {
    return namedParameters().keySet();
  }

  /**
   * Returns a parameter.
   *
   * @throws KilnException if there is none of that key
   */
  public Tensor get(String key) {
    Tensor tensor = namedParameters().get(key);
    if (tensor == null) {
      throw new KilnException(
          "[parameter_dict] there is no parameter \"" + key + "\" in " + keySet());
    }
    return tensor;
  }

  @Override
  protected String extraRepr() {
    return namedParameters().entrySet().stream()
        .map(e -> e.getKey() + "=" + e.getValue().describe())
        .collect(Collectors.joining(", "));
  }
}
