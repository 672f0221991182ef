package dev.kiln.ops;

import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;

/** Normalisation by neighbouring channels. */
public final class LocalResponse {
  private LocalResponse() {}

  /**
   * Divides each element by a power of the mean square over nearby channels, {@code x / (k + alpha
   * mean)^beta}; channels that do not exist count as 0. Krizhevsky et al. 2012.
   *
   * @param x [n, c, ...], of rank 3 or more
   * @param size how many channels, half of them before the element's own
   * @param alpha weight of the mean square
   * @param beta the power
   * @param k what is added to it
   * @return of x's shape
   */
  public static Tensor localResponseNorm(Tensor x, int size, double alpha, double beta, double k) {
    Check.floating("local_response_norm", "input", x);
    ShapeRules.require(
        x.dim() >= 3 && size >= 1,
        () ->
            "[local_response_norm] input "
                + x.describe()
                + " must be [n, channels, ...] of rank 3 or more, and size "
                + size
                + " 1 or more");
    if (x.numel() == 0) {
      return x.copy();
    }
    long n = x.size(0);
    long c = x.size(1);
    Tensor square = x.square().reshape(n, 1, c, x.numel() / (n * c));
    Tensor padded = Shaping.padConstant(square, 0, 0, 0, size / 2, (size - 1) / 2);
    Tensor mean = Pooling.avgPool2d(padded, new Pool2dSpec(size, 1, 1, 1, 0, 0, 1, 1, true), false);
    return x.div(Elementwise.affine(mean, alpha, k).pow(beta).reshape(x.shape().dims()));
  }
}
