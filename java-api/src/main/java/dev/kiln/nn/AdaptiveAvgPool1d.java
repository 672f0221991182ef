package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Pooling;

/**
 * Averages each of the parts that divide a sequence [n, c, length] or [c, length] into a given
 * grid.
 */
public final class AdaptiveAvgPool1d extends AdaptivePoolNd {
  /**
   * Makes a layer.
   *
   * @param outputSize the grid's size: one number for all axes, or one for each; {@link #KEEP}
   *     keeps the input's
   * @throws dev.kiln.KilnException if one is below 1
   */
  public AdaptiveAvgPool1d(int... outputSize) {
    super("adaptive_avg_pool1d", 1, outputSize);
  }

  @Override
  Tensor pool(Tensor x, int[] grid) {
    return Pooling.adaptiveAvgPool1d(x, grid[0]);
  }
}
