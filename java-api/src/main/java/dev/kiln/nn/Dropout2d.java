package dev.kiln.nn;

import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.RandomOps;

/**
 * When training, sets whole channels of images [n, c, h, w] to 0 with a probability and scales the
 * others up so that the mean stays. Tompson et al. 2015. As in PyTorch an input of rank 3 is taken
 * for [n, c, length].
 */
public final class Dropout2d extends DropoutBase {
  /** Takes PyTorch's default, 0.5. */
  public Dropout2d() {
    this(0.5);
  }

  /**
   * Makes the layer.
   *
   * @param p the probability of dropping
   * @throws KilnException if p is outside 0 .. 1
   */
  public Dropout2d(double p) {
    super("dropout2d", p);
  }

  @Override
  Tensor drop(Tensor x, double p, Generator generator) {
    return RandomOps.featureDropout(x, p, generator);
  }
}
