package dev.kiln.nn;

/** Takes the p-norm of each window of an image [n, c, h, w] or [c, h, w]; see {@link LPPoolNd}. */
public final class LPPool2d extends LPPoolNd {
  /** Makes a layer of windows side by side, as long along each axis. */
  public LPPool2d(double p, int kernelSize) {
    this(p, new int[] {kernelSize}, new int[] {kernelSize}, false);
  }

  /**
   * Makes a layer.
   *
   * @param p the norm's exponent, not 0
   * @param kernelSize one number for all axes, or one for each
   * @param stride how far the windows are apart, likewise
   * @param ceilMode whether a last, partial window counts
   * @throws dev.kiln.KilnException if sizes are not positive
   */
  public LPPool2d(double p, int[] kernelSize, int[] stride, boolean ceilMode) {
    super("lp_pool2d", 2, p, kernelSize, stride, ceilMode);
  }
}
