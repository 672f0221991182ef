package dev.kiln.nn;

import dev.kiln.Tensor;

/** Batch normalisation of volumes [n, features, depth, h, w]; see {@link BatchNorm}. */
public final class BatchNorm3d extends BatchNorm {
  /** Makes a layer with PyTorch's defaults. */
  public BatchNorm3d(long features) {
    this(builder(features));
  }

  private BatchNorm3d(Builder options) {
    super(options);
  }

  /** Starts a layer. */
  public static Builder builder(long features) {
    return new Builder(features);
  }

  /** Collects the options of a layer. */
  public static final class Builder extends Options<Builder> {
    private Builder(long features) {
      super(features, true);
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
    public BatchNorm3d build() {
      return new BatchNorm3d(this);
    }
  }

  @Override
  void checkRank(Tensor x) {
    checkRank(
        "batch_norm3d",
        x,
        5,
        5,
        "[n, features, depth, h, w] is expected; BatchNorm2d is for images");
  }
}
