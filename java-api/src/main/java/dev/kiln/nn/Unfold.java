package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.ops.Rearranging;

/**
 * Cuts overlapping windows out of images [n, c, h, w] or [c, h, w] and lays each as a column
 * (im2col): [n, c * kernel rows * kernel columns, windows].
 */
public final class Unfold extends Module {
  private final Pool2dSpec spec;
  private final String description;

  /** Makes a layer of square windows one step apart. */
  public Unfold(int kernelSize) {
    this(builder(kernelSize));
  }

  private Unfold(Builder options) {
    spec = options.spec();
    description = options.describe();
  }

  /**
   * Starts a layer.
   *
   * @param kernelSize one number, or rows and columns
   */
  public static Builder builder(int... kernelSize) {
    return new Builder(kernelSize);
  }

  /** Collects the options of a layer. */
  public static final class Builder extends FoldOptions<Builder> {
    private Builder(int... kernel) {
      super("unfold", kernel);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws dev.kiln.KilnException if sizes are not positive
     */
    public Unfold build() {
      return new Unfold(this);
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    return Images.batched("unfold", x, 2, in -> Rearranging.unfold(in, spec));
  }

  @Override
  protected String extraRepr() {
    return description;
  }
}
