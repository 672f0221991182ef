package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.ops.Convolution;

/**
 * A layer of transposed 2-d convolution, which spreads each element over the window it would have
 * come from: [n, in, h, w] to [n, out, h', w'], or one image [in, h, w] to an output without n.
 * Zeiler et al. 2010. See {@link TransposedConv} for sizes and {@link ConvNd} for parameters.
 */
public final class ConvTranspose2d extends TransposedConv {
  /** Makes a layer with a kernel as long along each axis, stride 1, no padding, and a bias. */
  public ConvTranspose2d(long inChannels, long outChannels, int kernelSize) {
    this(builder(inChannels, outChannels, kernelSize));
  }

  private ConvTranspose2d(Builder options) {
    super(options);
  }

  /**
   * Starts a layer.
   *
   * @param kernelSize one number for all axes, or one for each
   */
  public static Builder builder(long inChannels, long outChannels, int... kernelSize) {
    return new Builder(inChannels, outChannels, kernelSize);
  }

  /** Collects the options of a layer. */
  public static final class Builder extends Options<Builder> {
    private Builder(long in, long out, int... kernel) {
      super("conv_transpose2d", 2, in, out, kernel);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws dev.kiln.KilnException if sizes are not positive or options do not fit together
     */
    public ConvTranspose2d build() {
      return new ConvTranspose2d(this);
    }
  }

  @Override
  Tensor spread(Tensor x, int[] outputPadding) {
    Conv2dSpec spec =
        new Conv2dSpec(
            stride.get(0),
            stride.get(1),
            padding.get(0),
            padding.get(1),
            dilation.get(0),
            dilation.get(1),
            groups);
    return Convolution.convTranspose2d(
        x, weight(), bias(), spec, outputPadding[0], outputPadding[1]);
  }
}
