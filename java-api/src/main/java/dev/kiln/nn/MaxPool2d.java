package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.ops.Pooling;

/**
 * Takes the largest element of each window of an image [n, c, h, w] or [c, h, w].
 *
 * <p>The stride is the kernel's size unless set.
 */
public final class MaxPool2d extends Module {
  private final Pool2dSpec spec;
  private final boolean ceilMode;

  /** Makes a layer of square windows side by side. */
  public MaxPool2d(int kernelSize) {
    this(builder(kernelSize));
  }

  /** Makes a layer of square windows. */
  public MaxPool2d(int kernelSize, int stride) {
    this(builder(kernelSize).stride(stride));
  }

  private MaxPool2d(Builder b) {
    spec = b.spec();
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
    private Size2 dilation = Size2.of(1);

    private Builder(Size2 kernel) {
      super(kernel);
    }

    @Override
    Builder self() {
      return this;
    }

    /** Distance between two elements of a window; 1 unless set. */
    public Builder dilation(int both) {
      return dilation(both, both);
    }

    /** Rows and columns between two elements of a window; 1 unless set. */
    public Builder dilation(int h, int w) {
      dilation = new Size2(h, w);
      return this;
    }

    private Pool2dSpec spec() {
      return spec("max_pool2d", dilation, false);
    }

    /**
     * Makes the layer.
     *
     * @throws dev.kiln.KilnException if sizes are not positive
     */
    public MaxPool2d build() {
      return new MaxPool2d(this);
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    return Images.batched("max_pool2d", x, in -> Pooling.maxPool2d(in, spec, ceilMode));
  }

  @Override
  protected String extraRepr() {
    return PoolOptions.describe(spec)
        + ", dilation="
        + new Size2(spec.dilationH(), spec.dilationW())
        + ", ceil_mode="
        + ceilMode;
  }
}
