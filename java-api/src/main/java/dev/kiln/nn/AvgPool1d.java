package dev.kiln.nn;

import java.util.OptionalInt;

/**
 * Averages each window of a sequence [n, c, length] or [c, length].
 *
 * <p>The stride is the kernel's size unless set.
 */
public final class AvgPool1d extends AvgPoolNd {
  /** Makes a layer of windows side by side, as long along each axis. */
  public AvgPool1d(int kernelSize) {
    this(builder(kernelSize));
  }

  /** Makes a layer of windows as long along each axis. */
  public AvgPool1d(int kernelSize, int stride) {
    this(builder(kernelSize).stride(stride));
  }

  private AvgPool1d(Builder options) {
    super(options, OptionalInt.empty());
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
      super("avg_pool1d", 1, kernel);
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
    public AvgPool1d build() {
      return new AvgPool1d(this);
    }
  }
}
