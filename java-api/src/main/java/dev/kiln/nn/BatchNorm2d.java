package dev.kiln.nn;

import dev.kiln.Tensor;

/** Batch normalisation of images [n, features, h, w]; see {@link BatchNorm}. */
public final class BatchNorm2d extends BatchNorm {
  /** Makes a layer with PyTorch's defaults. */
  public BatchNorm2d(long features) {
    this(builder(features));
  }

  private BatchNorm2d(Builder options) {
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
    public BatchNorm2d build() {
      return new BatchNorm2d(this);
    }
  }

  @Override
  void checkRank(Tensor x) {
    checkRank("batch_norm2d", x, 4, 4, "[n, features, h, w] is expected; BatchNorm1d is for rows");
  }
}
