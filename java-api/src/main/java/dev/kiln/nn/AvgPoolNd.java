package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.ops.Pooling;
import dev.kiln.ops.Pooling3d;
import java.util.OptionalInt;

/** What the layers of average pooling share: the mean of each window. */
public abstract class AvgPoolNd extends Module {
  private final PoolWindow w;
  private final boolean countIncludePad;
  private final OptionalInt divisor;

  AvgPoolNd(Options<?> o, OptionalInt divisor) {
    w = o.window();
    countIncludePad = o.countIncludePad;
    this.divisor = divisor;
    if (divisor.isPresent() && divisor.getAsInt() == 0) {
      throw new KilnException("[" + w.op() + "] divisor 0 must be another number");
    }
  }

  /**
   * The options of average pooling.
   *
   * @param <B> the builder's own type
   */
  public abstract static class Options<B extends Options<B>> extends PoolOptions<B> {
    private boolean countIncludePad = true;

    Options(String op, int axes, int... kernel) {
      super(op, axes, kernel);
    }

    /** Whether padding counts in the mean; true unless set. */
    public final B countIncludePad(boolean wanted) {
      countIncludePad = wanted;
      return self();
    }
  }

  @Override
  public final Tensor forward(Tensor x) {
    return Images.batched(w.op(), x, w.axes(), this::mean);
  }

  private Tensor mean(Tensor x) {
    int[] kernel = w.kernel().array();
    int[] stride = w.stride().array();
    int[] padding = w.padding().array();
    boolean ceil = w.ceilMode();
    if (w.axes() == 1) {
      return Pooling.avgPool1d(x, kernel[0], stride[0], padding[0], ceil, countIncludePad);
    }
    if (w.axes() == 3) {
      return divisor.isPresent()
          ? Pooling3d.avgPool3d(x, kernel, stride, padding, ceil, divisor.getAsInt())
          : Pooling3d.avgPool3d(x, kernel, stride, padding, ceil, countIncludePad);
    }
    Pool2dSpec spec =
        new Pool2dSpec(
            kernel[0],
            kernel[1],
            stride[0],
            stride[1],
            padding[0],
            padding[1],
            1,
            1,
            countIncludePad);
    return divisor.isPresent()
        ? Pooling.avgPool2d(x, spec, ceil, divisor.getAsInt())
        : Pooling.avgPool2d(x, spec, ceil);
  }

  @Override
  protected final String extraRepr() {
    return w
        + ", ceil_mode="
        + w.ceilMode()
        + ", count_include_pad="
        + countIncludePad
        + (divisor.isPresent() ? ", divisor_override=" + divisor.getAsInt() : "");
  }
}
