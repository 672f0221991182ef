package dev.kiln.nn;

/**
 * Instance normalisation of images [n, features, h, w] or [features, h, w]; see {@link
 * InstanceNorm}.
 */
public final class InstanceNorm2d extends InstanceNorm {
  /** Makes a layer with PyTorch's defaults. */
  public InstanceNorm2d(long features) {
    this(builder(features));
  }

  private InstanceNorm2d(Builder options) {
    super("instance_norm2d", 2, options);
  }

  /** Starts a layer. */
  public static Builder builder(long features) {
    return new Builder(features);
  }

  /** Collects the options of a layer. */
  public static final class Builder extends Options<Builder> {
    private Builder(long features) {
      super(features, false);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws dev.kiln.KilnException if there are no features
     */
    public InstanceNorm2d build() {
      return new InstanceNorm2d(this);
    }
  }
}
