package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Convolution;
import java.util.Optional;

/**
 * A layer of 3-d convolution (cross-correlation): [n, in, depth, h, w] to [n, out, depth', h', w'],
 * or one volume [in, depth, h, w] to an output without n. See {@link ForwardConv} for sizes and
 * {@link ConvNd} for parameters.
 *
 * <pre>{@code
 * new Conv3d(1, 16, 3)
 * Conv3d.builder(1, 16, 3, 5, 5).padding(1, 2, 2).build()
 * }</pre>
 */
public final class Conv3d extends ForwardConv {
  /** Makes a layer with a kernel as long along each axis, stride 1, no padding, and a bias. */
  public Conv3d(long inChannels, long outChannels, int kernelSize) {
    this(builder(inChannels, outChannels, kernelSize));
  }

  private Conv3d(Builder options) {
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
      super("conv3d", 3, in, out, kernel);
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
    public Conv3d build() {
      return new Conv3d(this);
    }
  }

  @Override
  Tensor convolve(Tensor x, Tensor weight, Optional<Tensor> bias, int groups, int[] zeros) {
    return Convolution.conv3d(x, weight, bias, stride.array(), zeros, dilation.array(), groups);
  }
}
