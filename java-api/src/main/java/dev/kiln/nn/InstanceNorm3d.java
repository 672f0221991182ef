package dev.kiln.nn;

/**
 * Instance normalisation of volumes [n, features, depth, h, w] or [features, depth, h, w]; see
 * {@link InstanceNorm}.
 */
public final class InstanceNorm3d extends InstanceNorm {
  /** Makes a layer with PyTorch's defaults. */
  public InstanceNorm3d(long features) {
    this(builder(features));
  }

  private InstanceNorm3d(Builder options) {
    super("instance_norm3d", 3, options);
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
    public InstanceNorm3d build() {
      return new InstanceNorm3d(this);
    }
  }
}
