package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Modules run one after another, named {@code 0}, {@code 1}, ... or by names of their own.
 *
 * <p>Inside {@code NoGrad} each result is released as soon as the next layer has used it.
 */
public final class Sequential extends Module implements Chained {
  private final List<Module> layers = new ArrayList<>();

  /**
   * Makes a sequence with the names {@code 0}, {@code 1}, ...
   *
   * @param layers what to run, in order; none makes the identity
   */
  public Sequential(Module... layers) {
    for (int i = 0; i < layers.length; i++) {
      this.layers.add(module(String.valueOf(i), layers[i]));
    }
  }

  /**
   * Makes a sequence with names.
   *
   * @param layers what to run, in the map's order
   */
  public Sequential(Map<String, ? extends Module> layers) {
    layers.forEach((name, layer) -> this.layers.add(module(name, layer)));
  }

  /** Starts a sequence whose layers are added one by one. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects the layers of a sequence. */
  public static final class Builder {
    private final Map<String, Module> layers = new LinkedHashMap<>();

    private Builder() {}

    /** Adds a layer named by its position. */
    public Builder add(Module layer) {
      return add(String.valueOf(layers.size()), layer);
    }

    /**
     * Adds a layer.
     *
     * @throws KilnException if the name is taken
     */
    public Builder add(String name, Module layer) {
      if (layers.putIfAbsent(name, layer) != null) {
        throw new KilnException(
            "[sequential] there is a layer \"" + name + "\" already; names are used once");
      }
      return this;
    }

    /** Makes the sequence. */
    public Sequential build() {
      return new Sequential(layers);
    }
  }

  /** Returns the number of layers. */
  public int size() {
    return layers.size();
  }

  /**
   * Returns a layer.
   *
   * @param index its position, from 0
   * @throws KilnException if there is none
   */
  public Module get(int index) {
    if (index < 0 || index >= layers.size()) {
      throw new KilnException(
          "[sequential] there is no layer " + index + "; it has " + layers.size());
    }
    return List.copyOf(namedChildren().values()).get(index);
  }

  @Override
  public List<Module> links() {
    return Collections.unmodifiableList(layers);
  }

  @Override
  public Tensor forward(Tensor x) {
    return chain(x, layers);
  }
}
