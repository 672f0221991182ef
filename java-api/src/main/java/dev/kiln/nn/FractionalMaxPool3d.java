package dev.kiln.nn;

/**
 * Fractional max pooling of volumes [n, c, depth, h, w] or [c, depth, h, w]; see {@link
 * FractionalMaxPoolNd}.
 */
public final class FractionalMaxPool3d extends FractionalMaxPoolNd {
  private FractionalMaxPool3d(Builder options) {
    super(options);
  }

  /**
   * Starts a layer.
   *
   * @param kernelSize one number for all axes, or one for each
   */
  public static Builder builder(int... kernelSize) {
    return new Builder(kernelSize);
  }

  /** Collects the options of a layer. */
  public static final class Builder extends Options<Builder> {
    private Builder(int... kernel) {
      super("fractional_max_pool3d", 3, kernel);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws dev.kiln.KilnException if there is not exactly one of output size and ratio
     */
    public FractionalMaxPool3d build() {
      return new FractionalMaxPool3d(this);
    }
  }
}
