package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import java.util.Locale;
import java.util.Optional;

/**
 * What the layers of convolution and transposed convolution share: sizes, parameters, and how they
 * are made and printed.
 *
 * <p>Parameters: {@code weight} and {@code bias} [out], both at first uniform in ±1/sqrt(fan in),
 * PyTorch's default.
 */
public abstract class ConvNd extends Module {
  final String op;
  final int axes;
  final Extent kernel;
  final Extent stride;
  final Extent padding;
  final Extent dilation;
  final int groups;
  private final long inChannels;
  private final long outChannels;
  private final Tensor weight;
  private final Optional<Tensor> bias;

  ConvNd(ConvOptions<?> o, boolean transposed) {
    o.check();
    op = o.op;
    axes = o.kernel.axes();
    kernel = o.kernel;
    stride = o.stride;
    padding = o.padding;
    dilation = o.dilation;
    groups = o.groups;
    inChannels = o.in;
    outChannels = o.out;
    long[] shape = new long[axes + 2];
    shape[0] = transposed ? o.in : o.out;
    shape[1] = (transposed ? o.out : o.in) / groups;
    for (int i = 0; i < axes; i++) {
      shape[i + 2] = kernel.get(i);
    }
    Device device = Device.defaultDevice();
    weight = parameter("weight", Tensor.empty(Shape.of(shape), DType.FLOAT32, device));
    bias =
        o.bias
            ? Optional.of(parameter("bias", Tensor.empty(Shape.of(o.out), DType.FLOAT32, device)))
            : Optional.empty();
    Init.layerDefault(weight, bias);
  }

  /** Returns the weight: [out, in / groups, kernel...], or [in, out / groups, kernel...]. */
  public final Tensor weight() {
    return current(weight);
  }

  /** Returns the bias, [out], if there is one. */
  public final Optional<Tensor> bias() {
    return bias;
  }

  /** Demands as many channels as the layer was made for. */
  final void checkChannels(Tensor x) {
    if (x.size(-1 - axes) != inChannels) {
      throw new ShapeException(
          "["
              + op
              + "] input "
              + x.describe()
              + " has "
              + x.size(-1 - axes)
              + " channels but the layer expects "
              + inChannels);
    }
  }

  /** Multiply-adds when each of some elements meets every tap of its filters. */
  final long multiplyAdds(long elements, long channels) {
    return elements * (channels / groups) * kernel.count();
  }

  final long inChannels() {
    return inChannels;
  }

  final long outChannels() {
    return outChannels;
  }

  /** Describes what lies around the input, if anything, such as {@code , padding=(1, 1)}. */
  abstract String describePadding();

  @Override
  protected final String extraRepr() {
    return inChannels
        + ", "
        + outChannels
        + ", kernel_size="
        + kernel
        + ", stride="
        + stride
        + describePadding()
        + (dilation.is(1) ? "" : ", dilation=" + dilation)
        + (groups == 1 ? "" : ", groups=" + groups)
        + (bias.isPresent() ? "" : ", bias=false");
  }

  static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
