package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.Activations;

/** x moved towards 0 by lambda, and 0 where it is no farther away. */
public final class Softshrink extends Module {
  private final double lambda;

  /** Takes PyTorch's default, 0.5. */
  public Softshrink() {
    this(0.5);
  }

  /**
   * Makes the layer.
   *
   * @param lambda how far, 0 or more
   * @throws KilnException if lambda is below 0
   */
  public Softshrink(double lambda) {
    if (!(lambda >= 0)) {
      throw new KilnException("[softshrink] lambda " + lambda + " must be 0 or more");
    }
    this.lambda = lambda;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Activations.softshrink(x, lambda);
  }

  @Override
  protected String extraRepr() {
    return String.valueOf(lambda);
  }
}
