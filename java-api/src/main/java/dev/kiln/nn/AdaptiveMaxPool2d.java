package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Pooling;
import dev.kiln.ops.Pooling.Maxima;

/**
 * Takes the largest element of each of the parts that divide an image [n, c, h, w] or [c, h, w]
 * into a given grid.
 */
public final class AdaptiveMaxPool2d extends AdaptiveMaxPoolNd {
  /**
   * Makes a layer.
   *
   * @param outputSize the grid's size: one number for all axes, or one for each; {@link #KEEP}
   *     keeps the input's
   * @throws dev.kiln.KilnException if one is below 1
   */
  public AdaptiveMaxPool2d(int... outputSize) {
    super("adaptive_max_pool2d", 2, outputSize);
  }

  @Override
  Maxima maxima(Tensor x, int[] grid) {
    return Pooling.adaptiveMaxPool2dWithIndices(x, grid[0], grid[1]);
  }
}
