package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.ops.Folding;

/**
 * Adds up overlapping windows, each a column of [n, c * kernel rows * kernel columns, windows] or
 * of one example without n, where they came from (col2im): images [n, c, h, w] or [c, h, w].
 */
public final class Fold extends Module {
  private final Extent output;
  private final Pool2dSpec spec;
  private final String description;

  private Fold(Builder options) {
    output = options.output;
    output.atLeast("fold", "output size", 1);
    spec = options.spec();
    description = options.describe();
  }

  /**
   * Starts a layer.
   *
   * @param outputH rows of the images
   * @param outputW columns of the images
   * @param kernelSize one number, or rows and columns
   */
  public static Builder builder(int outputH, int outputW, int... kernelSize) {
    return new Builder(Extent.of("fold", "output size", 2, outputH, outputW), kernelSize);
  }

  /** Collects the options of a layer. */
  public static final class Builder extends FoldOptions<Builder> {
    private final Extent output;

    private Builder(Extent output, int... kernel) {
      super("fold", kernel);
      this.output = output;
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws KilnException if sizes are not positive
     */
    public Fold build() {
      return new Fold(this);
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    if (x.dim() != 2 && x.dim() != 3) {
      throw new ShapeException(
          "[fold] input "
              + x.describe()
              + " must be [n, c * kernel_h * kernel_w, windows], or without n for one image");
    }
    return Folding.fold(x, output.get(0), output.get(1), spec);
  }

  @Override
  protected String extraRepr() {
    return "output_size=" + output + ", " + description;
  }
}
