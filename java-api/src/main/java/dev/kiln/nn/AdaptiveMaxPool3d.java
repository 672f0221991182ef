package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Pooling.Maxima;
import dev.kiln.ops.Pooling3d;

/**
 * Takes the largest element of each of the parts that divide a volume [n, c, depth, h, w] or [c,
 * depth, h, w] into a given grid.
 */
public final class AdaptiveMaxPool3d extends AdaptiveMaxPoolNd {
  /**
   * Makes a layer.
   *
   * @param outputSize the grid's size: one number for all axes, or one for each; {@link #KEEP}
   *     keeps the input's
   * @throws dev.kiln.KilnException if one is below 1
   */
  public AdaptiveMaxPool3d(int... outputSize) {
    super("adaptive_max_pool3d", 3, outputSize);
  }

  @Override
  Maxima maxima(Tensor x, int[] grid) {
    return Pooling3d.adaptiveMaxPool3dWithIndices(x, grid[0], grid[1], grid[2]);
  }
}
