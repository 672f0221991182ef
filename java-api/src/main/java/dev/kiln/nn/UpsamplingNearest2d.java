package dev.kiln.nn;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;

/**
 * Resizes images [n, c, h, w], taking the nearest pixel; {@link Upsample} does the same and more.
 */
public final class UpsamplingNearest2d extends Module {
  private final Upsample layer;

  /**
   * Makes a layer of a factor.
   *
   * @param scaleFactor how much larger images become: one number, or one for rows and one for
   *     columns
   * @throws dev.kiln.KilnException if it is not above 0
   */
  public UpsamplingNearest2d(double... scaleFactor) {
    this(Upsample.builder().scaleFactor(scaleFactor));
  }

  private UpsamplingNearest2d(Upsample.Builder options) {
    layer = options.build();
  }

  /**
   * Makes a layer of an output size.
   *
   * @param size one number, or rows and columns
   * @throws dev.kiln.KilnException if it is below 1
   */
  public static UpsamplingNearest2d toSize(int... size) {
    return new UpsamplingNearest2d(Upsample.builder().size(size));
  }

  @Override
  public Tensor forward(Tensor x) {
    if (x.dim() != 4) {
      throw new ShapeException("[upsampling_nearest2d] input " + x.describe() + " must be NCHW");
    }
    return layer.forward(x);
  }

  @Override
  protected String extraRepr() {
    return layer.extraRepr();
  }
}
