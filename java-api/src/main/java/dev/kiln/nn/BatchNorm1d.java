package dev.kiln.nn;

import dev.kiln.Tensor;

/**
 * Batch normalisation of rows [n, features] or sequences [n, features, length]; see {@link
 * BatchNorm}.
 */
public final class BatchNorm1d extends BatchNorm {
  /** Makes a layer with PyTorch's defaults. */
  public BatchNorm1d(long features) {
    this(builder(features));
  }

  private BatchNorm1d(Builder options) {
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
    public BatchNorm1d build() {
      return new BatchNorm1d(this);
    }
  }

  @Override
  void checkRank(Tensor x) {
    checkRank(
        "batch_norm1d",
        x,
        2,
        3,
        "[n, features] or [n, features, length] is expected; BatchNorm2d is for images");
  }
}
