package dev.kiln.nn;

import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.RandomOps;

/**
 * When training, sets whole channels of sequences [n, c, length] or [c, length] to 0 with a
 * probability and scales the others up so that the mean stays. Tompson et al. 2015.
 */
public final class Dropout1d extends DropoutBase {
  /** Takes PyTorch's default, 0.5. */
  public Dropout1d() {
    this(0.5);
  }

  /**
   * Makes the layer.
   *
   * @param p the probability of dropping
   * @throws KilnException if p is outside 0 .. 1
   */
  public Dropout1d(double p) {
    super("dropout1d", p);
  }

  @Override
  Tensor drop(Tensor x, double p, Generator generator) {
    if (x.dim() != 2 && x.dim() != 3) {
      throw new ShapeException(
          "[dropout1d] input "
              + x.describe()
              + " must be [n, c, length], or [c, length] for one sequence");
    }
    return x.dim() == 2
        ? RandomOps.featureDropout(x.unsqueeze(0), p, generator).squeeze(0)
        : RandomOps.featureDropout(x, p, generator);
  }
}
