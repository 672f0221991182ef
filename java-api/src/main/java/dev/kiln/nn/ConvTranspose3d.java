package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Convolution;

/**
 * A layer of transposed 3-d convolution, which spreads each element over the window it would have
 * come from: [n, in, depth, h, w] to [n, out, depth', h', w'], or one volume [in, depth, h, w] to
 * an output without n. Zeiler et al. 2010. See {@link TransposedConv} for sizes and {@link ConvNd}
 * for parameters.
 */
public final class ConvTranspose3d extends TransposedConv {
  /** Makes a layer with a kernel as long along each axis, stride 1, no padding, and a bias. */
  public ConvTranspose3d(long inChannels, long outChannels, int kernelSize) {
    this(builder(inChannels, outChannels, kernelSize));
  }

  private ConvTranspose3d(Builder options) {
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
      super("conv_transpose3d", 3, in, out, kernel);
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
    public ConvTranspose3d build() {
      return new ConvTranspose3d(this);
    }
  }

  @Override
  Tensor spread(Tensor x, int[] outputPadding) {
    return Convolution.convTranspose3d(
        x,
        weight(),
        bias(),
        stride.array(),
        padding.array(),
        outputPadding,
        dilation.array(),
        groups);
  }
}
