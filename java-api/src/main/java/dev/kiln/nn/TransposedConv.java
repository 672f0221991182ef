package dev.kiln.nn;

import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import java.util.Arrays;

/**
 * What {@link ConvTranspose1d}, {@link ConvTranspose2d} and {@link ConvTranspose3d} share.
 *
 * <p>Along each axis {@code out = (in - 1) stride - 2 padding + dilation (kernel - 1) +
 * outputPadding + 1}. The weight is [in, out / groups, kernel...].
 */
public abstract class TransposedConv extends ConvNd {
  private final Extent outputPadding;

  TransposedConv(Options<?> o) {
    super(o, true);
    outputPadding = o.outputPadding;
  }

  /**
   * The options of a transposed convolution.
   *
   * @param <B> the builder's own type
   */
  public abstract static class Options<B extends Options<B>> extends ConvOptions<B> {
    private Extent outputPadding;

    Options(String op, int axes, long in, long out, int... kernel) {
      super(op, axes, in, out, kernel);
      outputPadding = Extent.all(axes, 0);
    }

    /**
     * The padding of the convolution that this transposes: how much the output loses; 0 unless set.
     */
    public final B padding(int... sizes) {
      padding = extent("padding", sizes);
      return self();
    }

    /** What the output has more at its end, less than the stride or the dilation; 0 unless set. */
    public final B outputPadding(int... sizes) {
      outputPadding = extent("output padding", sizes);
      return self();
    }

    @Override
    final void check() {
      super.check();
      outputPadding.atLeast(op, "output padding", 0);
      for (int i = 0; i < kernel.axes(); i++) {
        require(
            outputPadding.get(i) < Math.max(stride.get(i), dilation.get(i)),
            "output padding "
                + outputPadding
                + " must be smaller than the stride "
                + stride
                + " or the dilation "
                + dilation);
      }
    }
  }

  /** Spreads a batch. */
  abstract Tensor spread(Tensor x, int[] outputPadding);

  @Override
  public final Tensor forward(Tensor x) {
    return spread(x, outputPadding.array(), Images.single(op, x, axes));
  }

  /**
   * Chooses the output's size among those that the same convolution maps to x's: PyTorch's {@code
   * module(x, output_size)}.
   *
   * @param x [n, in, ...] or [in, ...]
   * @param outputSize the output's size along each axis of the kernel
   * @return [n, out, outputSize...] or [out, outputSize...]
   * @throws ShapeException if the size is not among them
   */
  public final Tensor run(Tensor x, long... outputSize) {
    return call(
        x,
        () -> {
          boolean single = Images.single(op, x, axes);
          return spread(x, fitting(x, outputSize), single);
        },
        y -> y);
  }

  private Tensor spread(Tensor x, int[] extra, boolean single) {
    checkChannels(x);
    return single ? spread(x.unsqueeze(0), extra).squeeze(0) : spread(x, extra);
  }

  /** The output padding that gives an output size. */
  private int[] fitting(Tensor x, long[] outputSize) {
    int[] extra = new int[axes];
    boolean fits = outputSize.length == axes;
    for (int i = 0; fits && i < axes; i++) {
      long least =
          (x.size(i - axes) - 1) * stride.get(i)
              - 2L * padding.get(i)
              + (long) dilation.get(i) * (kernel.get(i) - 1)
              + 1;
      fits = outputSize[i] >= least && outputSize[i] < least + stride.get(i);
      extra[i] = fits ? Math.toIntExact(outputSize[i] - least) : 0;
    }
    if (!fits) {
      throw new ShapeException(
          "["
              + op
              + "] output size "
              + Arrays.toString(outputSize)
              + " is not among those of input "
              + x.describe()
              + ": along each axis the size without output padding, and up to stride - 1 more");
    }
    return extra;
  }

  @Override
  protected final long multiplyAdds(Shape input, Shape output) {
    return multiplyAdds(input.numel(), outChannels());
  }

  @Override
  final String describePadding() {
    return (padding.is(0) ? "" : ", padding=" + padding)
        + (outputPadding.is(0) ? "" : ", output_padding=" + outputPadding);
  }
}
