package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.Rearranging;

/** Turns pixels [..., c, h * factor, w * factor] into channels, undoing {@link PixelShuffle}. */
public final class PixelUnshuffle extends Module {
  private final int factor;

  /**
   * Makes a layer.
   *
   * @param downscaleFactor how much smaller images become
   * @throws KilnException if it is below 1
   */
  public PixelUnshuffle(int downscaleFactor) {
    if (downscaleFactor < 1) {
      throw new KilnException("[pixel_unshuffle] factor " + downscaleFactor + " must be 1 or more");
    }
    factor = downscaleFactor;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Rearranging.pixelUnshuffle(x, factor);
  }

  @Override
  protected String extraRepr() {
    return "downscale_factor=" + factor;
  }
}
