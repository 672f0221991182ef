package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Pooling;

/** Averages each of the parts that divide an image [n, c, h, w] or [c, h, w] into a given grid. */
public final class AdaptiveAvgPool2d extends AdaptivePoolNd {
  /**
   * Makes a layer.
   *
   * @param outputSize the grid's size: one number for all axes, or one for each; {@link #KEEP}
   *     keeps the input's
   * @throws dev.kiln.KilnException if one is below 1
   */
  public AdaptiveAvgPool2d(int... outputSize) {
    super("adaptive_avg_pool2d", 2, outputSize);
  }

  @Override
  Tensor pool(Tensor x, int[] grid) {
    return Pooling.adaptiveAvgPool2d(x, grid[0], grid[1]);
  }
}
