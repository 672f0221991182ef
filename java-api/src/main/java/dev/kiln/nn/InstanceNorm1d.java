package dev.kiln.nn;

/**
 * Instance normalisation of sequences [n, features, length] or [features, length]; see {@link
 * InstanceNorm}.
 */
public final class InstanceNorm1d extends InstanceNorm {
  /** Makes a layer with PyTorch's defaults. */
  public InstanceNorm1d(long features) {
    this(builder(features));
  }

  private InstanceNorm1d(Builder options) {
    super("instance_norm1d", 1, options);
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
    public InstanceNorm1d build() {
      return new InstanceNorm1d(this);
    }
  }
}
