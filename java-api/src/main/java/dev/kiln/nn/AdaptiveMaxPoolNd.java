package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Pooling.Maxima;

/** What the layers of adaptive max pooling share. */
public abstract class AdaptiveMaxPoolNd extends AdaptivePoolNd {
  AdaptiveMaxPoolNd(String op, int axes, int... outputSize) {
    super(op, axes, outputSize);
  }

  abstract Maxima maxima(Tensor x, int[] grid);

  @Override
  final Tensor pool(Tensor x, int[] grid) {
    return maxima(x, grid).values();
  }

  /**
   * Pools, and tells where the largest elements stood: PyTorch's {@code return_indices=True}.
   *
   * @param x the input
   * @return the output, with the position of each element in its flattened plane or volume
   */
  public final Maxima run(Tensor x) {
    return call(
        x, () -> Images.pooled(op(), x, axes(), in -> maxima(in, grid(in))), Maxima::values);
  }
}
