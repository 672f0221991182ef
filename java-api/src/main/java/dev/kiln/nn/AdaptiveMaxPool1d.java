package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Pooling;
import dev.kiln.ops.Pooling.Maxima;

/**
 * Takes the largest element of each of the parts that divide a sequence [n, c, length] or [c,
 * length] into a given grid.
 */
public final class AdaptiveMaxPool1d extends AdaptiveMaxPoolNd {
  /**
   * Makes a layer.
   *
   * @param outputSize the grid's size: one number for all axes, or one for each; {@link #KEEP}
   *     keeps the input's
   * @throws dev.kiln.KilnException if one is below 1
   */
  public AdaptiveMaxPool1d(int... outputSize) {
    super("adaptive_max_pool1d", 1, outputSize);
  }

  @Override
  Maxima maxima(Tensor x, int[] grid) {
    return Pooling.adaptiveMaxPool1dWithIndices(x, grid[0]);
  }
}
