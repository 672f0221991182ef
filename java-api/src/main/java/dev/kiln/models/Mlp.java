package dev.kiln.models;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.nn.Chained;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A multi-layer perceptron: dense layers {@code fc1}, {@code fc2}, ... with ReLU between them.
 * Inputs [n, ...] are flattened.
 */
public final class Mlp extends Module implements Chained {
  private final List<Module> layers = new ArrayList<>();

  /**
   * Makes the network.
   *
   * @param sizes of the input, the hidden layers and the output, such as 784, 128, 10
   * @throws KilnException if there are fewer than two sizes, or one is below 1
   */
  public Mlp(long... sizes) {
    if (sizes.length < 2) {
      throw new KilnException(
          "[mlp] " + sizes.length + " sizes given; at least input and output are needed");
    }
    layers.add(module("flatten", new Flatten()));
    ReLU relu = new ReLU();
    for (int i = 1; i < sizes.length; i++) {
      layers.add(module("fc" + i, new Linear(sizes[i - 1], sizes[i])));
      if (i == 1 && sizes.length > 2) {
        module("relu", relu);
      }
      if (i < sizes.length - 1) {
        layers.add(relu);
      }
    }
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
