package dev.kiln.nn;

import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Tensor;

/** What the layers that drop something at random share; the identity in eval mode. */
abstract class DropoutBase extends Module {
  private final double p;

  DropoutBase(String op, double p) {
    if (!(p >= 0 && p <= 1)) {
      throw new KilnException("[" + op + "] probability " + p + " must be between 0 and 1");
    }
    this.p = p;
  }

  abstract Tensor drop(Tensor x, double probability, Generator generator);

  @Override
  public final Tensor forward(Tensor x) {
    return isTraining() ? drop(x, p, x.device().generator()) : x;
  }

  @Override
  protected final String extraRepr() {
    return "p=" + p;
  }
}
