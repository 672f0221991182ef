package dev.kiln.cli.conform;

import dev.kiln.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An op's inputs on the device, by name. */
public final class Inputs {
  private final Map<String, Tensor> tensors;

  Inputs(Map<String, Tensor> tensors) {
    this.tensors = tensors;
  }

  /** Returns an input that must be given. */
  public Tensor get(String name) {
    Tensor t = tensors.get(name);
    if (t == null) {
      throw new CaseFormatException("inputs has no \"" + name + "\"");
    }
    return t;
  }

  /** Returns an input that may be left out. */
  public Optional<Tensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** Returns the input {@code x}. */
  public Tensor x() {
    return get("x");
  }

  /** Returns all inputs in the file's order. */
  public List<Tensor> all() {
    return List.copyOf(tensors.values());
  }
}
