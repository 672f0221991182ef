package dev.kiln.nn;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Rearranging;
import dev.kiln.ops.Rearranging.PadMode;
import java.util.Optional;

/**
 * What {@link Conv1d}, {@link Conv2d} and {@link Conv3d} share: padding in numbers or by name, with
 * zeros or with what the input holds.
 *
 * <p>Along each axis {@code out = (in + 2 padding - dilation (kernel - 1) - 1) / stride + 1},
 * rounded down. The weight is [out, in / groups, kernel...].
 */
public abstract class ForwardConv extends ConvNd {
  private final boolean same;
  private final PadMode mode;

  /** The padding before and after each axis, the last axis first, that is put on by itself. */
  private final int[] around;

  /** The padding that the convolution puts on: zeros, equally many on both sides. */
  private final int[] zeros;

  ForwardConv(Options<?> o) {
    super(o, false);
    same = o.same;
    mode = o.mode;
    zeros = new int[axes];
    around = new int[2 * axes];
    for (int i = 0; i < axes; i++) {
      int all = same ? dilation.get(i) * (kernel.get(i) - 1) : 2 * padding.get(i);
      boolean byItself = mode != PadMode.CONSTANT;
      int last = 2 * (axes - 1 - i);
      zeros[i] = byItself ? 0 : all / 2;
      around[last] = byItself ? all / 2 : 0;
      // An odd rest of "same" padding goes to the end.
      around[last + 1] = all - all / 2 - zeros[i];
    }
  }

  /**
   * The options of a convolution.
   *
   * @param <B> the builder's own type
   */
  public abstract static class Options<B extends Options<B>> extends ConvOptions<B> {
    private boolean same;
    private PadMode mode = PadMode.CONSTANT;

    Options(String op, int axes, long in, long out, int... kernel) {
      super(op, axes, in, out, kernel);
    }

    /** How much is put around the input, on both sides; nothing unless set. */
    public final B padding(int... sizes) {
      padding = extent("padding", sizes);
      same = false;
      return self();
    }

    /** As much padding as gives the output the input's size; needs stride 1. PyTorch's "same". */
    public final B samePadding() {
      same = true;
      return self();
    }

    /** No padding: PyTorch's "valid". */
    public final B validPadding() {
      return padding(0);
    }

    /** What is put around the input: CONSTANT, which is zeros, unless set. */
    public final B paddingMode(PadMode wanted) {
      mode = wanted;
      return self();
    }

    @Override
    final void check() {
      super.check();
      require(
          !same || stride.is(1),
          "same padding needs stride 1, not " + stride + "; give the padding in numbers");
    }
  }

  /** Convolves a batch, with zeros around it. */
  abstract Tensor convolve(Tensor x, Tensor weight, Optional<Tensor> bias, int groups, int[] zeros);

  @Override
  public final Tensor forward(Tensor x) {
    boolean single = Images.single(op, x, axes);
    checkChannels(x);
    Tensor y = padded(single ? x.unsqueeze(0) : x, weight(), bias(), groups);
    return single ? y.squeeze(0) : y;
  }

  /** Convolves a batch as this layer does, but by filters of others. */
  final Tensor padded(Tensor in, Tensor weight, Optional<Tensor> bias, int groups) {
    boolean pads = false;
    for (int p : around) {
      pads |= p != 0;
    }
    Tensor x = pads ? Rearranging.pad(in, mode, 0, around) : in;
    return convolve(x, weight, bias, groups, zeros);
  }

  @Override
  protected final long multiplyAdds(Shape input, Shape output) {
    return multiplyAdds(output.numel(), inChannels());
  }

  @Override
  final String describePadding() {
    String size = same ? ", padding=same" : padding.is(0) ? "" : ", padding=" + padding;
    return size + (mode == PadMode.CONSTANT ? "" : ", padding_mode=" + lower(mode));
  }
}
