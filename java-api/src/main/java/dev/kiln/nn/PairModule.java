package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import java.util.Locale;

/**
 * A module of two inputs, such as {@link Bilinear} or a Transformer decoder. Callers use {@link
 * #run}; {@link #call} with one input throws.
 */
public abstract class PairModule extends Module {
  PairModule() {}

  abstract Tensor forward(Tensor first, Tensor second);

  /**
   * Computes the module's function and runs the hooks: PyTorch's {@code module(a, b)}.
   *
   * @param first the first input, which hooks see
   * @param second the second input
   * @return the output
   */
  public final Tensor run(Tensor first, Tensor second) {
    return call(first, () -> forward(first, second), y -> y);
  }

  /**
   * Refuses a single input.
   *
   * @throws KilnException always
   */
  @Override
  public final Tensor forward(Tensor x) {
    throw new KilnException(
        "["
            + typeName().toLowerCase(Locale.ROOT)
            + "] one input "
            + x.describe()
            + " is not enough; it takes two: run(first, second)");
  }
}
