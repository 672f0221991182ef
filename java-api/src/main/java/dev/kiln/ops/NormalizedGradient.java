package dev.kiln.ops;

import dev.kiln.Tensor;

/**
 * The gradients of {@code (x - mean) / sqrt(variance + eps)} over some axes, written with ops that
 * have gradients themselves; for backward passes that are recorded. Ioffe and Szegedy 2015, section
 * 3; Ba et al. 2016.
 */
final class NormalizedGradient {
  private final Tensor normal;
  private final Tensor invStd;
  private final int[] axes;

  /**
   * Normalises again, as ops.
   *
   * @param x the input, as it stands in the graph
   * @param axes what is averaged over
   * @param eps added to the biased variance
   */
  NormalizedGradient(Tensor x, int[] axes, double eps) {
    Tensor centred = x.sub(mean(x, axes));
    this.invStd = mean(centred.square(), axes).add(eps).rsqrt();
    this.normal = centred.mul(invStd);
    this.axes = axes;
  }

  private static Tensor mean(Tensor t, int[] axes) {
    return Reductions.mean(t, axes, true);
  }

  /** The gradient of x from g, that of the normalised x. */
  Tensor ofInput(Tensor g) {
    // s (g - mean(g) - n mean(g n)), n the normalised x and s its scale
    Tensor along = normal.mul(mean(g.mul(normal), axes));
    return g.sub(mean(g, axes)).sub(along).mul(invStd);
  }

  /** The gradient of a weight from that of the result, one for each element. */
  Tensor ofWeight(Tensor dy) {
    return dy.mul(normal);
  }
}
