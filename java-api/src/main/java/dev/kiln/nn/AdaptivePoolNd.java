package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;

/**
 * What the layers of adaptive pooling share: a grid of a given size, whose parts cover the input.
 */
public abstract class AdaptivePoolNd extends Module {
  /** The size of an axis that keeps the input's size: PyTorch's {@code None}. */
  public static final int KEEP = -1;

  private final String op;
  private final Extent output;

  AdaptivePoolNd(String op, int axes, int... outputSize) {
    this.op = op;
    output = Extent.of(op, "output size", axes, outputSize);
    if (!output.all(n -> n >= 1 || n == KEEP)) {
      throw new KilnException("[" + op + "] output size " + output + " must be 1 or more, or KEEP");
    }
  }

  final String op() {
    return op;
  }

  final int axes() {
    return output.axes();
  }

  /** Pools a batch to a grid. */
  abstract Tensor pool(Tensor x, int[] grid);

  /** Returns the grid's size for a batch. */
  final int[] grid(Tensor x) {
    int[] grid = output.array();
    for (int i = 0; i < grid.length; i++) {
      grid[i] = grid[i] == KEEP ? Math.toIntExact(x.size(i + 2)) : grid[i];
    }
    return grid;
  }

  @Override
  public final Tensor forward(Tensor x) {
    return Images.batched(op, x, axes(), in -> pool(in, grid(in)));
  }

  @Override
  protected final String extraRepr() {
    return "output_size=" + output;
  }
}
