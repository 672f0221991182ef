package dev.kiln.nn;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import java.util.List;

/**
 * Adds a shortcut: {@code activation(body(x) + shortcut(x))}. He et al. 2016.
 *
 * <p>Children: {@code body}, {@code shortcut} (at first the identity) and {@code activation} (at
 * first none).
 */
public final class Residual extends Module implements Branched {
  private final Module body;
  private final Module shortcut;
  private final Module activation;

  /** Adds the input itself. */
  public Residual(Module body) {
    this(body, new Identity());
  }

  /** Adds what a shortcut makes of the input, such as a 1x1 convolution. */
  public Residual(Module body, Module shortcut) {
    this(body, shortcut, new Identity());
  }

  /**
   * Adds a shortcut and runs a function on the sum.
   *
   * @param body the main path
   * @param shortcut the other path, with an output of the same shape
   * @param activation what follows the sum
   */
  public Residual(Module body, Module shortcut, Module activation) {
    this.body = module("body", body);
    this.shortcut = module("shortcut", shortcut);
    this.activation = module("activation", activation);
  }

  @Override
  public List<Module> main() {
    return List.of(body);
  }

  @Override
  public List<Module> side() {
    return List.of(shortcut);
  }

  @Override
  public List<Module> after() {
    return List.of(activation);
  }

  @Override
  public Tensor forward(Tensor x) {
    return activation.call(sum(x, body.call(x), shortcut.call(x)));
  }

  /** Adds what the two paths made of x. */
  static Tensor sum(Tensor x, Tensor main, Tensor side) {
    if (!main.shape().equals(side.shape())) {
      throw new ShapeException(
          "[residual] body made "
              + main.describe()
              + " but the shortcut made "
              + side.describe()
              + " of input "
              + x.describe()
              + "; give a shortcut that changes the shape in the same way, such as a 1x1"
              + " convolution");
    }
    return main.add(side);
  }
}
