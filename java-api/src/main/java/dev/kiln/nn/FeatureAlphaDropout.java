package dev.kiln.nn;

import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.RandomOps;

/** As {@link AlphaDropout}, but whole channels at a time, of [n, c, ...]. */
public final class FeatureAlphaDropout extends DropoutBase {
  /** Takes PyTorch's default, 0.5. */
  public FeatureAlphaDropout() {
    this(0.5);
  }

  /**
   * Makes the layer.
   *
   * @param p the probability of dropping
   * @throws KilnException if p is outside 0 .. 1
   */
  public FeatureAlphaDropout(double p) {
    super("feature_alpha_dropout", p);
  }

  @Override
  Tensor drop(Tensor x, double p, Generator generator) {
    return RandomOps.featureAlphaDropout(x, p, generator);
  }
}
