package dev.kiln.nn;

import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.RandomOps;

/**
 * When training, sets whole channels of volumes [n, c, d, h, w] or [c, d, h, w] to 0 with a
 * probability and scales the others up so that the mean stays. Tompson et al. 2015.
 */
public final class Dropout3d extends DropoutBase {
  /** Takes PyTorch's default, 0.5. */
  public Dropout3d() {
    this(0.5);
  }

  /**
   * Makes the layer.
   *
   * @param p the probability of dropping
   * @throws KilnException if p is outside 0 .. 1
   */
  public Dropout3d(double p) {
    super("dropout3d", p);
  }

  @Override
  Tensor drop(Tensor x, double p, Generator generator) {
    return x.dim() == 4
        ? RandomOps.featureDropout(x.unsqueeze(0), p, generator).squeeze(0)
        : RandomOps.featureDropout(x, p, generator);
  }
}
