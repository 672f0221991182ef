package dev.kiln.nn;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Unpooling;
import java.util.Arrays;

/**
 * What the layers that undo max pooling share: elements go back to where they were the largest, and
 * all others are 0. Give {@link #run(Tensor, Tensor)} the values and the positions that the pooling
 * layer's {@code run} returned.
 */
public abstract class MaxUnpoolNd extends PairModule {
  private final PoolWindow w;

  MaxUnpoolNd(String op, int axes, int[] kernel, int[] stride, int[] padding) {
    w =
        new PoolWindow(
            op,
            Extent.of(op, "kernel", axes, kernel),
            Extent.of(op, "stride", axes, stride),
            Extent.of(op, "padding", axes, padding),
            false);
  }

  @Override
  final Tensor forward(Tensor x, Tensor indices) {
    return unpool(x, indices, sizes(x));
  }

  /**
   * Undoes a pooling of an input of a certain size, where several give as many windows: PyTorch's
   * {@code module(x, indices, output_size)}.
   *
   * @param x [n, c, windows...] or [c, windows...]
   * @param indices integers of x's shape
   * @param outputSize the result's size along each axis of the kernel, less than a stride away from
   *     the size that is taken without it
   * @return [n, c, outputSize...] or [c, outputSize...]
   */
  public final Tensor run(Tensor x, Tensor indices, long... outputSize) {
    return call(x, () -> unpool(x, indices, checked(x, outputSize)), y -> y);
  }

  private Tensor unpool(Tensor x, Tensor indices, long[] sizes) {
    return Unpooling.maxUnpool(x, indices, sizes);
  }

  private long[] sizes(Tensor x) {
    Images.single(w.op(), x, w.axes());
    long[] sizes = new long[w.axes()];
    Arrays.setAll(
        sizes,
        i ->
            (x.size(i - w.axes()) - 1) * w.stride().get(i)
                - 2L * w.padding().get(i)
                + w.kernel().get(i));
    return sizes;
  }

  private long[] checked(Tensor x, long[] outputSize) {
    long[] sizes = sizes(x);
    boolean fits = outputSize.length == sizes.length;
    for (int i = 0; fits && i < sizes.length; i++) {
      fits = Math.abs(outputSize[i] - sizes[i]) < w.stride().get(i);
    }
    if (!fits) {
      throw new ShapeException(
          "["
              + w.op()
              + "] output size "
              + Arrays.toString(outputSize)
              + " must be less than a stride "
              + w.stride()
              + " away from "
              + Arrays.toString(sizes));
    }
    return outputSize.clone();
  }

  @Override
  protected final String extraRepr() {
    return w.toString();
  }
}
