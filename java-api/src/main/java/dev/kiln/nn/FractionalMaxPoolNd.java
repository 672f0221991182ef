package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Dist;
import dev.kiln.ops.FractionalPooling;
import dev.kiln.ops.Pooling.Maxima;
import java.util.Arrays;
import java.util.Optional;

/**
 * What {@link FractionalMaxPool2d} and {@link FractionalMaxPool3d} share: the largest elements of
 * windows whose places are drawn for each call, from the generator of the input's device. Graham
 * 2014.
 */
public abstract class FractionalMaxPoolNd extends Module {
  private final String op;
  private final Extent kernel;
  private final Optional<Extent> size;
  private final double[] ratio;

  FractionalMaxPoolNd(Options<?> o) {
    op = o.op;
    kernel = o.kernel;
    size = o.size;
    ratio = o.ratio;
    kernel.atLeast(op, "kernel", 1);
    boolean shrinks = Arrays.stream(ratio).allMatch(r -> r > 0 && r < 1);
    if (size.isPresent() == ratio.length > 0 || !shrinks) {
      throw new KilnException(
          "["
              + op
              + "] needs either an output size or an output ratio, and ratios "
              + Arrays.toString(ratio)
              + " must be between 0 and 1");
    }
    size.ifPresent(s -> s.atLeast(op, "output size", 1));
  }

  /**
   * The options of fractional pooling: either an output size or an output ratio must be set.
   *
   * @param <B> the builder's own type
   */
  public abstract static class Options<B extends Options<B>> {
    private final String op;
    private final Extent kernel;
    private Optional<Extent> size = Optional.empty();
    private double[] ratio = {};

    Options(String op, int axes, int... kernel) {
      this.op = op;
      this.kernel = Extent.of(op, "kernel", axes, kernel);
    }

    abstract B self();

    /** The output's size: one number for all axes, or one for each. */
    public final B outputSize(int... sizes) {
      size = Optional.of(Extent.of(op, "output size", kernel.axes(), sizes));
      return self();
    }

    /** The output's size by the input's, 0 .. 1: one number for all axes, or one for each. */
    public final B outputRatio(double... ratios) {
      if (ratios.length != 1 && ratios.length != kernel.axes()) {
        throw new KilnException(
            "["
                + op
                + "] output ratio "
                + Arrays.toString(ratios)
                + " must be 1 number, or one for each axis");
      }
      ratio = new double[kernel.axes()];
      Arrays.setAll(ratio, i -> ratios[ratios.length == 1 ? 0 : i]);
      return self();
    }
  }

  @Override
  public final Tensor forward(Tensor x) {
    return Images.pooled(op, x, kernel.axes(), this::maxima).values();
  }

  /**
   * Pools, and tells where the largest elements stood: PyTorch's {@code return_indices=True}.
   *
   * @param x the input
   * @return the output, with the position of each element in its flattened plane or volume
   */
  public final Maxima run(Tensor x) {
    return call(x, () -> Images.pooled(op, x, kernel.axes(), this::maxima), Maxima::values);
  }

  private Maxima maxima(Tensor x) {
    int[] output = new int[kernel.axes()];
    Arrays.setAll(
        output, i -> size.isPresent() ? size.get().get(i) : (int) (x.size(i + 2) * ratio[i]));
    Shape shape = Shape.of(x.size(0), x.size(1), output.length);
    Tensor samples = Tensor.empty(shape, DType.FLOAT32, x.device());
    x.device().generator().fill(samples, Dist.UNIFORM, 0, 1);
    return FractionalPooling.fractionalMaxPool(x, kernel.array(), output, samples.to(x.dtype()));
  }

  @Override
  protected final String extraRepr() {
    return "kernel_size="
        + kernel
        + size.map(s -> ", output_size=" + s).orElse("")
        + (ratio.length == 0 ? "" : ", output_ratio=" + Arrays.toString(ratio));
  }
}
