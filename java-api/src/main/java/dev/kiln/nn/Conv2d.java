package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.ops.Convolution;
import java.util.Optional;

/**
 * A layer of 2-d convolution (cross-correlation): [n, in, h, w] to [n, out, h', w'], or one image
 * [in, h, w] to an output without n. See {@link ForwardConv} for sizes and {@link ConvNd} for
 * parameters.
 *
 * <pre>{@code
 * new Conv2d(3, 64, 7)
 * Conv2d.builder(3, 64, 7).stride(2).padding(3).bias(false).build()
 * }</pre>
 */
public final class Conv2d extends ForwardConv {
  /** Makes a layer with a kernel as long along each axis, stride 1, no padding, and a bias. */
  public Conv2d(long inChannels, long outChannels, int kernelSize) {
    this(builder(inChannels, outChannels, kernelSize));
  }

  private Conv2d(Builder options) {
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
      super("conv2d", 2, in, out, kernel);
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
    public Conv2d build() {
      return new Conv2d(this);
    }
  }

  @Override
  Tensor convolve(Tensor x, Tensor weight, Optional<Tensor> bias, int groups, int[] zeros) {
    Conv2dSpec spec =
        new Conv2dSpec(
            stride.get(0),
            stride.get(1),
            zeros[0],
            zeros[1],
            dilation.get(0),
            dilation.get(1),
            groups);
    return Convolution.conv2d(x, weight, bias, spec);
  }
}
