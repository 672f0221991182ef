package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.ops.Pooling;

/**
 * Averages each window of an image [n, c, h, w] or [c, h, w].
 *
 * <p>The stride is the kernel's size unless set.
 */
public final class AvgPool2d extends Module {
  private final Pool2dSpec spec;
  private final boolean ceilMode;

  /** Makes a layer of square windows side by side. */
  public AvgPool2d(int kernelSize) {
    this(builder(kernelSize));
  }

  /** Makes a layer of square windows. */
  public AvgPool2d(int kernelSize, int stride) {
    this(builder(kernelSize).stride(stride));
  }

  private AvgPool2d(Builder b) {
    spec = b.spec("avg_pool2d", Size2.of(1), b.countIncludePad);
    ceilMode = b.ceilMode;
  }

  /** Starts a layer of square windows. */
  public static Builder builder(int kernelSize) {
    return builder(kernelSize, kernelSize);
  }

  /** Starts a layer of windows of some rows and columns. */
  public static Builder builder(int kernelH, int kernelW) {
    return new Builder(new Size2(kernelH, kernelW));
  }

  /** Collects the options of a layer. */
  public static final class Builder extends PoolOptions<Builder> {
    private boolean countIncludePad = true;

    private Builder(Size2 kernel) {
      super(kernel);
    }

    @Override
    Builder self() {
      return this;
    }

    /** Whether padding counts in the mean; true unless set. */
    public Builder countIncludePad(boolean wanted) {
      countIncludePad = wanted;
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws dev.kiln.KilnException if sizes are not positive
     */
    public AvgPool2d build() {
      return new AvgPool2d(this);
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    return Images.batched("avg_pool2d", x, in -> Pooling.avgPool2d(in, spec, ceilMode));
  }

  @Override
  protected String extraRepr() {
    return PoolOptions.describe(spec)
        + ", ceil_mode="
        + ceilMode
        + ", count_include_pad="
        + spec.countIncludePad();
  }
}
