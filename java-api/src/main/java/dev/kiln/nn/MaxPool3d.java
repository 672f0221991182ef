package dev.kiln.nn;

/**
 * Takes the largest element of each window of a volume [n, c, depth, h, w] or [c, depth, h, w].
 *
 * <p>The stride is the kernel's size unless set.
 */
public final class MaxPool3d extends MaxPoolNd {
  /** Makes a layer of windows side by side, as long along each axis. */
  public MaxPool3d(int kernelSize) {
    this(builder(kernelSize));
  }

  /** Makes a layer of windows as long along each axis. */
  public MaxPool3d(int kernelSize, int stride) {
    this(builder(kernelSize).stride(stride));
  }

  private MaxPool3d(Builder options) {
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
      super("max_pool3d", 3, kernel);
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
    public MaxPool3d build() {
      return new MaxPool3d(this);
    }
  }
}
