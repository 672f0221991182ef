package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.ops.Convolution;
import dev.kiln.ops.Shaping;
import java.util.Optional;

/**
 * A layer of 2-d convolution (cross-correlation): [n, in, h, w] to [n, out, h', w'], or one image
 * [in, h, w] to [out, h', w'].
 *
 * <p>{@code h' = (h + 2 padding - dilation (kernel - 1) - 1) / stride + 1}, rounded down.
 * Parameters: {@code weight} [out, in / groups, kernel rows, kernel columns] and {@code bias}
 * [out], both at first uniform in ±1/sqrt(fan in), PyTorch's default.
 *
 * <pre>{@code
 * new Conv2d(3, 64, 7)
 * Conv2d.builder(3, 64, 7).stride(2).padding(3).bias(false).build()
 * }</pre>
 */
public final class Conv2d extends Module {
  private final long inChannels;
  private final long outChannels;
  private final Size2 kernel;
  private final Conv2dSpec spec;
  private final boolean same;
  private final Tensor weight;
  private final Optional<Tensor> bias;

  /** Makes a layer with a square kernel, stride 1, no padding, and a bias. */
  public Conv2d(long inChannels, long outChannels, int kernelSize) {
    this(builder(inChannels, outChannels, kernelSize));
  }

  private Conv2d(Builder b) {
    inChannels = b.in;
    outChannels = b.out;
    kernel = b.kernel;
    same = b.same;
    b.check();
    // The even part of "same" padding is the op's; an odd rest is added to the input, see forward.
    int padH = same ? b.dilation.h() * (kernel.h() - 1) / 2 : b.padding.h();
    int padW = same ? b.dilation.w() * (kernel.w() - 1) / 2 : b.padding.w();
    spec =
        new Conv2dSpec(
            b.stride.h(), b.stride.w(), padH, padW, b.dilation.h(), b.dilation.w(), b.groups);
    Device device = Device.defaultDevice();
    Shape shape = Shape.of(b.out, b.in / b.groups, kernel.h(), kernel.w());
    weight = parameter("weight", Tensor.empty(shape, DType.FLOAT32, device));
    bias =
        b.bias
            ? Optional.of(parameter("bias", Tensor.empty(Shape.of(b.out), DType.FLOAT32, device)))
            : Optional.empty();
    Init.layerDefault(weight, bias);
  }

  /** Starts a layer with a square kernel. */
  public static Builder builder(long inChannels, long outChannels, int kernelSize) {
    return builder(inChannels, outChannels, kernelSize, kernelSize);
  }

  /** Starts a layer with a kernel of some rows and columns. */
  public static Builder builder(long inChannels, long outChannels, int kernelH, int kernelW) {
    return new Builder(inChannels, outChannels, new Size2(kernelH, kernelW));
  }

  /** Collects the options of a layer. */
  public static final class Builder {
    private final long in;
    private final long out;
    private final Size2 kernel;
    private Size2 stride = Size2.of(1);
    private Size2 padding = Size2.of(0);
    private Size2 dilation = Size2.of(1);
    private boolean same;
    private int groups = 1;
    private boolean bias = true;

    private Builder(long in, long out, Size2 kernel) {
      this.in = in;
      this.out = out;
      this.kernel = kernel;
    }

    /** Rows and columns between two outputs; 1 unless set. */
    public Builder stride(int both) {
      return stride(both, both);
    }

    /** Rows and columns between two outputs; 1 unless set. */
    public Builder stride(int h, int w) {
      stride = new Size2(h, w);
      return this;
    }

    /** Zeros around the image; none unless set. */
    public Builder padding(int both) {
      return padding(both, both);
    }

    /** Zeros above and below, and left and right; none unless set. */
    public Builder padding(int h, int w) {
      padding = new Size2(h, w);
      same = false;
      return this;
    }

    /** As many zeros as give the output the input's size; needs stride 1. PyTorch's "same". */
    public Builder samePadding() {
      same = true;
      return this;
    }

    /** Distance between two taps of the kernel; 1 unless set. */
    public Builder dilation(int both) {
      return dilation(both, both);
    }

    /** Rows and columns between two taps of the kernel; 1 unless set. */
    public Builder dilation(int h, int w) {
      dilation = new Size2(h, w);
      return this;
    }

    /** Independent groups of channels; 1 unless set. */
    public Builder groups(int count) {
      groups = count;
      return this;
    }

    /** Whether there is a bias; true unless set. */
    public Builder bias(boolean wanted) {
      bias = wanted;
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws KilnException if sizes are not positive, groups do not divide the channels, or "same"
     *     padding meets a stride
     */
    public Conv2d build() {
      return new Conv2d(this);
    }

    private void check() {
      require(
          in > 0 && out > 0, "channels " + in + " -> " + out + " must be 1 or more on both sides");
      require(kernel.h() > 0 && kernel.w() > 0, "kernel " + kernel + " must be 1 or more");
      require(stride.h() > 0 && stride.w() > 0, "stride " + stride + " must be 1 or more");
      require(dilation.h() > 0 && dilation.w() > 0, "dilation " + dilation + " must be 1 or more");
      require(padding.h() >= 0 && padding.w() >= 0, "padding " + padding + " must be 0 or more");
      require(
          groups > 0 && in % groups == 0 && out % groups == 0,
          "groups " + groups + " must divide the " + in + " input and " + out + " output channels");
      require(
          !same || stride.equals(Size2.of(1)),
          "same padding needs stride 1, not " + stride + "; give the padding in numbers");
    }

    private static void require(boolean holds, String message) {
      if (!holds) {
        throw new KilnException("[conv2d] " + message);
      }
    }
  }

  /** Returns the weight, [out, in / groups, kernel rows, kernel columns]. */
  public Tensor weight() {
    return weight;
  }

  /** Returns the bias, [out], if there is one. */
  public Optional<Tensor> bias() {
    return bias;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Images.batched("conv2d", x, in -> Convolution.conv2d(evened(in), weight, bias, spec));
  }

  /** Adds what "same" padding of an even window has more on the right and below, as PyTorch. */
  private Tensor evened(Tensor x) {
    int right = same ? spec.dilationW() * (kernel.w() - 1) % 2 : 0;
    int below = same ? spec.dilationH() * (kernel.h() - 1) % 2 : 0;
    return right + below == 0 ? x : Shaping.padConstant(x, 0, 0, right, 0, below);
  }

  @Override
  protected long multiplyAdds(Shape input, Shape output) {
    return output.numel() * (inChannels / spec.groups()) * kernel.h() * kernel.w();
  }

  @Override
  protected String extraRepr() {
    Size2 padding = new Size2(spec.paddingH(), spec.paddingW());
    Size2 dilation = new Size2(spec.dilationH(), spec.dilationW());
    return inChannels
        + ", "
        + outChannels
        + ", kernel_size="
        + kernel
        + ", stride="
        + new Size2(spec.strideH(), spec.strideW())
        + (same ? ", padding=same" : padding.equals(Size2.of(0)) ? "" : ", padding=" + padding)
        + (dilation.equals(Size2.of(1)) ? "" : ", dilation=" + dilation)
        + (spec.groups() == 1 ? "" : ", groups=" + spec.groups())
        + (bias.isPresent() ? "" : ", bias=false");
  }
}
