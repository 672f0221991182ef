package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.ops.Pooling;
import dev.kiln.ops.Pooling.Maxima;
import dev.kiln.ops.Pooling3d;

/** What the layers of max pooling share: the largest element of each window. */
public abstract class MaxPoolNd extends Module {
  private final PoolWindow w;
  private final Extent dilation;

  MaxPoolNd(Options<?> o) {
    w = o.window();
    dilation = o.dilation;
    dilation.atLeast(w.op(), "dilation", 1);
  }

  /**
   * The options of max pooling.
   *
   * @param <B> the builder's own type
   */
  public abstract static class Options<B extends Options<B>> extends PoolOptions<B> {
    private Extent dilation;

    Options(String op, int axes, int... kernel) {
      super(op, axes, kernel);
      dilation = Extent.all(axes, 1);
    }

    /** Distance between two elements of a window; 1 unless set. */
    public final B dilation(int... sizes) {
      dilation = extent("dilation", sizes);
      return self();
    }
  }

  @Override
  public final Tensor forward(Tensor x) {
    return Images.batched(w.op(), x, w.axes(), this::values);
  }

  /**
   * Pools, and tells where the largest elements stood: PyTorch's {@code return_indices=True}. What
   * {@link MaxUnpool2d} and its like undo.
   *
   * @param x the input
   * @return the output, with the position of each element in its flattened plane or volume
   */
  public final Maxima run(Tensor x) {
    return call(x, () -> Images.pooled(w.op(), x, w.axes(), this::maxima), Maxima::values);
  }

  private Tensor values(Tensor x) {
    return switch (w.axes()) {
      case 1 ->
          Pooling.maxPool1d(
              x,
              w.kernel().get(0),
              w.stride().get(0),
              w.padding().get(0),
              dilation.get(0),
              w.ceilMode());
      case 2 -> Pooling.maxPool2d(x, spec(), w.ceilMode());
      default ->
          Pooling3d.maxPool3d(
              x,
              w.kernel().array(),
              w.stride().array(),
              w.padding().array(),
              dilation.array(),
              w.ceilMode());
    };
  }

  private Maxima maxima(Tensor x) {
    return switch (w.axes()) {
      case 1 ->
          Pooling.maxPool1dWithIndices(
              x,
              w.kernel().get(0),
              w.stride().get(0),
              w.padding().get(0),
              dilation.get(0),
              w.ceilMode());
      case 2 -> Pooling.maxPool2dWithIndices(x, spec(), w.ceilMode());
      default ->
          Pooling3d.maxPool3dWithIndices(
              x,
              w.kernel().array(),
              w.stride().array(),
              w.padding().array(),
              dilation.array(),
              w.ceilMode());
    };
  }

  private Pool2dSpec spec() {
    return new Pool2dSpec(
        w.kernel().get(0),
        w.kernel().get(1),
        w.stride().get(0),
        w.stride().get(1),
        w.padding().get(0),
        w.padding().get(1),
        dilation.get(0),
        dilation.get(1),
        true);
  }

  @Override
  protected final String extraRepr() {
    return w + ", dilation=" + dilation + ", ceil_mode=" + w.ceilMode();
  }
}
