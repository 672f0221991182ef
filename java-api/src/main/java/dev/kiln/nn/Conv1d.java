package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Convolution;
import java.util.Optional;

/**
 * A layer of 1-d convolution (cross-correlation): [n, in, length] to [n, out, length'], or one
 * sequence [in, length] to an output without n. See {@link ForwardConv} for sizes and {@link
 * ConvNd} for parameters.
 *
 * <pre>{@code
 * new Conv1d(40, 64, 3)
 * Conv1d.builder(40, 64, 3).stride(2).padding(1).bias(false).build()
 * }</pre>
 */
public final class Conv1d extends ForwardConv {
  /** Makes a layer with a kernel as long along each axis, stride 1, no padding, and a bias. */
  public Conv1d(long inChannels, long outChannels, int kernelSize) {
    this(builder(inChannels, outChannels, kernelSize));
  }

  private Conv1d(Builder options) {
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
      super("conv1d", 1, in, out, kernel);
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
    public Conv1d build() {
      return new Conv1d(this);
    }
  }

  @Override
  Tensor convolve(Tensor x, Tensor weight, Optional<Tensor> bias, int groups, int[] zeros) {
    return Convolution.conv1d(x, weight, bias, stride.get(0), zeros[0], dilation.get(0), groups);
  }
}
