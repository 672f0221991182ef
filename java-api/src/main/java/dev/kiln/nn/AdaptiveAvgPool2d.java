package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.Pooling;

/** Averages the parts of a grid of a given size over an image [n, c, h, w] or [c, h, w]. */
public final class AdaptiveAvgPool2d extends Module {
  private final Size2 output;

  /** Makes a layer with a square grid; 1 averages the whole image. */
  public AdaptiveAvgPool2d(int outputSize) {
    this(outputSize, outputSize);
  }

  /**
   * Makes a layer.
   *
   * @param outputH rows of the grid
   * @param outputW columns of the grid
   * @throws KilnException if one is below 1
   */
  public AdaptiveAvgPool2d(int outputH, int outputW) {
    output = new Size2(outputH, outputW);
    if (outputH < 1 || outputW < 1) {
      throw new KilnException("[adaptive_avg_pool2d] output size " + output + " must be 1 or more");
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    return Images.batched(
        "adaptive_avg_pool2d", x, in -> Pooling.adaptiveAvgPool2d(in, output.h(), output.w()));
  }

  @Override
  protected String extraRepr() {
    return "output_size=" + output;
  }
}
