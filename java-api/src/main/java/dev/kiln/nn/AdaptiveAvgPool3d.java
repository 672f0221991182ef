package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Pooling3d;

/**
 * Averages each of the parts that divide a volume [n, c, depth, h, w] or [c, depth, h, w] into a
 * given grid.
 */
public final class AdaptiveAvgPool3d extends AdaptivePoolNd {
  /**
   * Makes a layer.
   *
   * @param outputSize the grid's size: one number for all axes, or one for each; {@link #KEEP}
   *     keeps the input's
   * @throws dev.kiln.KilnException if one is below 1
   */
  public AdaptiveAvgPool3d(int... outputSize) {
    super("adaptive_avg_pool3d", 3, outputSize);
  }

  @Override
  Tensor pool(Tensor x, int[] grid) {
    return Pooling3d.adaptiveAvgPool3d(x, grid[0], grid[1], grid[2]);
  }
}
