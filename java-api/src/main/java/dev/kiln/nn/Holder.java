package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;

/**
 * A module that only holds others, or parameters, so that the module it belongs to has them: it is
 * no function itself.
 */
public abstract class Holder extends Module {
  Holder() {}

  /**
   * Refuses to compute.
   *
   * @throws KilnException always
   */
  @Override
  public final Tensor forward(Tensor x) {
    throw new KilnException(
        "[module] " + typeName() + " is no function; use what it holds, as in get(0).call(x)");
  }
}
