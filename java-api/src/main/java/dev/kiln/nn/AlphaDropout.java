package dev.kiln.nn;

import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.RandomOps;

/**
 * When training, sets elements to SELU's lowest value with a probability, and keeps mean 0 and
 * variance 1. Klambauer et al. 2017.
 */
public final class AlphaDropout extends DropoutBase {
  /** Takes PyTorch's default, 0.5. */
  public AlphaDropout() {
    this(0.5);
  }

  /**
   * Makes the layer.
   *
   * @param p the probability of dropping
   * @throws KilnException if p is outside 0 .. 1
   */
  public AlphaDropout(double p) {
    super("alpha_dropout", p);
  }

  @Override
  Tensor drop(Tensor x, double p, Generator generator) {
    return RandomOps.alphaDropout(x, p, generator);
  }
}
