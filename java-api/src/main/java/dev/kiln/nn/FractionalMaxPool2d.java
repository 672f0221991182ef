package dev.kiln.nn;

/** Fractional max pooling of images [n, c, h, w] or [c, h, w]; see {@link FractionalMaxPoolNd}. */
public final class FractionalMaxPool2d extends FractionalMaxPoolNd {
  private FractionalMaxPool2d(Builder options) {
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
      super("fractional_max_pool2d", 2, kernel);
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
    public FractionalMaxPool2d build() {
      return new FractionalMaxPool2d(this);
    }
  }
}
