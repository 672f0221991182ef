package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.Rearranging;

/** Turns channels [..., c * factor * factor, h, w] into pixels. Shi et al. 2016. */
public final class PixelShuffle extends Module {
  private final int factor;

  /**
   * Makes a layer.
   *
   * @param upscaleFactor how much larger images become
   * @throws KilnException if it is below 1
   */
  public PixelShuffle(int upscaleFactor) {
    if (upscaleFactor < 1) {
      throw new KilnException("[pixel_shuffle] factor " + upscaleFactor + " must be 1 or more");
    }
    factor = upscaleFactor;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Rearranging.pixelShuffle(x, factor);
  }

  @Override
  protected String extraRepr() {
    return "upscale_factor=" + factor;
  }
}
