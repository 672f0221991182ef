package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Convolution;

/**
 * A layer of transposed 1-d convolution, which spreads each element over the window it would have
 * come from: [n, in, length] to [n, out, length'], or one sequence [in, length] to an output
 * without n. Zeiler et al. 2010. See {@link TransposedConv} for sizes and {@link ConvNd} for
 * parameters.
 */
public final class ConvTranspose1d extends TransposedConv {
  /** Makes a layer with a kernel as long along each axis, stride 1, no padding, and a bias. */
  public ConvTranspose1d(long inChannels, long outChannels, int kernelSize) {
    this(builder(inChannels, outChannels, kernelSize));
  }

  private ConvTranspose1d(Builder options) {
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
      super("conv_transpose1d", 1, in, out, kernel);
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
    public ConvTranspose1d build() {
      return new ConvTranspose1d(this);
    }
  }

  @Override
  Tensor spread(Tensor x, int[] outputPadding) {
    return Convolution.convTranspose1d(
        x,
        weight(),
        bias(),
        stride.get(0),
        padding.get(0),
        outputPadding[0],
        dilation.get(0),
        groups);
  }
}
