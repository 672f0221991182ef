package dev.kiln.ops;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import java.util.Arrays;

/** The partial inverse of max pooling. */
public final class Unpooling {
  private Unpooling() {}

  /**
   * Puts elements where max pooling found them, and 0 elsewhere; where a position is repeated the
   * last one wins. PyTorch's max_unpool1d, max_unpool2d and max_unpool3d; Zeiler and Fergus 2014.
   *
   * @param x [n, c, windows...] with 1 to 3 axes of windows, or one example without n
   * @param indices integers of x's shape: positions in each flattened plane or volume, as from
   *     {@link Pooling#maxPool2dWithIndices}
   * @param output the result's size along each axis
   * @return [n, c, output...]
   * @throws dev.kiln.ShapeException if ranks or shapes differ
   * @throws dev.kiln.IndexException if a position is outside
   */
  public static Tensor maxUnpool(Tensor x, Tensor indices, long... output) {
    if (x.dim() == output.length + 1 && x.dim() == indices.dim()) {
      return maxUnpool(x.unsqueeze(0), indices.unsqueeze(0), output).squeeze(0);
    }
    Check.floating("max_unpool", "input", x);
    ShapeRules.same("max_unpool", "indices", indices, "input", x);
    Check.backend("max_unpool", x, indices);
    ShapeRules.require(
        output.length >= 1
            && output.length <= 3
            && x.dim() == output.length + 2
            && Arrays.stream(output).allMatch(n -> n > 0),
        () ->
            "[max_unpool] output "
                + Arrays.toString(output)
                + " must be a size of 1 or more for each of the 1 to 3 axes after [n, channels] of "
                + x.describe());
    long[] dims = new long[x.dim()];
    dims[0] = x.size(0);
    dims[1] = x.size(1);
    System.arraycopy(output, 0, dims, 2, output.length);
    long planes = x.size(0) * x.size(1);
    long windows = planes == 0 ? 0 : x.numel() / planes;
    long places = Arrays.stream(output).reduce(1, Math::multiplyExact);
    Tensor at = Check.index("max_unpool", "indices", indices).reshape(planes, windows);
    Tensor blank = Tensor.zeros(Shape.of(planes, places), x.dtype(), x.device());
    Tensor y = Indexing.scatter(blank, 1, at, x.detach().reshape(planes, windows)).reshape(dims);
    return Autograd.record(
        "max_unpool",
        y,
        Edge.of(x, dy -> dy.reshape(planes, places).gather(1, at).reshape(x.shape().dims())));
  }
}
