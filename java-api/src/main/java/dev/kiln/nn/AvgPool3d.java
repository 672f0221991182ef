package dev.kiln.nn;

import java.util.OptionalInt;

/**
 * Averages each window of a volume [n, c, depth, h, w] or [c, depth, h, w].
 *
 * <p>The stride is the kernel's size unless set.
 */
public final class AvgPool3d extends AvgPoolNd {
  /** Makes a layer of windows side by side, as long along each axis. */
  public AvgPool3d(int kernelSize) {
    this(builder(kernelSize));
  }

  /** Makes a layer of windows as long along each axis. */
  public AvgPool3d(int kernelSize, int stride) {
    this(builder(kernelSize).stride(stride));
  }

  private AvgPool3d(Builder options) {
    super(options, options.divisor);
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
    private OptionalInt divisor = OptionalInt.empty();

    private Builder(int... kernel) {
      super("avg_pool3d", 3, kernel);
    }

    @Override
    Builder self() {
      return this;
    }

    /** What each window's sum is divided by, whatever the window's size; its size unless set. */
    public Builder divisorOverride(int value) {
      divisor = OptionalInt.of(value);
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws dev.kiln.KilnException if sizes are not positive
     */
    public AvgPool3d build() {
      return new AvgPool3d(this);
    }
  }
}
