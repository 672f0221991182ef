package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.LocalResponse;

/**
 * Divides each element by {@code (k + alpha mean(x^2))^beta}, the mean over nearby channels of [n,
 * channels, ...]. Krizhevsky et al. 2012.
 */
public final class LocalResponseNorm extends Module {
  private final int size;
  private final double alpha;
  private final double beta;
  private final double k;

  /** Makes a layer with PyTorch's defaults: alpha 1e-4, beta 0.75, k 1. */
  public LocalResponseNorm(int size) {
    this(size, 1e-4, 0.75, 1);
  }

  /**
   * Makes a layer.
   *
   * @param size how many channels, half of them before the element's own
   * @param alpha weight of the mean square
   * @param beta the power
   * @param k what is added to it
   * @throws KilnException if the size is below 1
   */
  public LocalResponseNorm(int size, double alpha, double beta, double k) {
    if (size < 1) {
      throw new KilnException("[local_response_norm] size " + size + " must be 1 or more");
    }
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  @Override
  public Tensor forward(Tensor x) {
    return LocalResponse.localResponseNorm(x, size, alpha, beta, k);
  }

  @Override
  protected String extraRepr() {
    return size + ", alpha=" + alpha + ", beta=" + beta + ", k=" + k;
  }
}
