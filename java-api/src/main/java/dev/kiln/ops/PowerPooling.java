package dev.kiln.ops;

import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;

/** Pooling by p-norms. */
public final class PowerPooling {
  private PowerPooling() {}

  /**
   * Takes the p-norm of each window, {@code (sum of x^p)^(1/p)}: the sum for p = 1, nearer to the
   * largest element the larger p. Without the absolute value, as PyTorch's lp_pool1d, lp_pool2d and
   * lp_pool3d; a last, partial window counts as if its mean went on outside.
   *
   * @param x [n, c, ...] with 1 to 3 axes to pool, or one example without n
   * @param p the exponent, not 0
   * @param kernel the window's size along each of them
   * @param stride from one window to the next
   * @param ceilMode whether a last, partial window counts
   * @return [n, c, windows...]
   */
  public static Tensor lpPool(Tensor x, double p, int[] kernel, int[] stride, boolean ceilMode) {
    if (x.dim() == kernel.length + 1) {
      return lpPool(x.unsqueeze(0), p, kernel, stride, ceilMode).squeeze(0);
    }
    Check.floating("lp_pool", "input", x);
    ShapeRules.require(
        p != 0 && kernel.length >= 1 && kernel.length <= 3 && x.dim() == kernel.length + 2,
        () ->
            "[lp_pool] input "
                + x.describe()
                + " must have "
                + kernel.length
                + " axes (1 to 3) after [n, channels], and p "
                + p
                + " must not be 0");
    Tensor mean = mean(x.pow(p), kernel, stride, ceilMode);
    double size = 1;
    for (int k : kernel) {
      size *= k;
    }
    // The relu gives windows of zeros the gradient 0, where the root's is infinite.
    Tensor magnitude = Elementwise.relu(mean.abs());
    return mean.sign().detach().mul(magnitude).mul(size).pow(1 / p);
  }

  private static Tensor mean(Tensor x, int[] kernel, int[] stride, boolean ceilMode) {
    return switch (kernel.length) {
      case 1 -> Pooling.avgPool1d(x, kernel[0], stride[0], 0, ceilMode, true);
      case 2 ->
          Pooling.avgPool2d(
              x,
              new Pool2dSpec(kernel[0], kernel[1], stride[0], stride[1], 0, 0, 1, 1, true),
              ceilMode);
      default -> Pooling3d.avgPool3d(x, kernel, stride, new int[3], ceilMode, true);
    };
  }
}
