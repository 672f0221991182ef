package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.PowerPooling;

/**
 * What the layers of pooling by p-norms share: {@code (sum of x^p)^(1/p)} of each window, which is
 * the sum for p = 1 and nears the largest element as p grows.
 */
public abstract class LPPoolNd extends Module {
  private final double p;
  private final PoolWindow w;

  LPPoolNd(String op, int axes, double p, int[] kernel, int[] stride, boolean ceilMode) {
    this.p = p;
    Extent size = Extent.of(op, "kernel", axes, kernel);
    w =
        new PoolWindow(
            op, size, Extent.of(op, "stride", axes, stride), Extent.all(axes, 0), ceilMode);
    if (p == 0) {
      throw new KilnException("[" + op + "] the norm's p must not be 0");
    }
  }

  @Override
  public final Tensor forward(Tensor x) {
    return Images.batched(
        w.op(),
        x,
        w.axes(),
        in -> PowerPooling.lpPool(in, p, w.kernel().array(), w.stride().array(), w.ceilMode()));
  }

  @Override
  protected final String extraRepr() {
    return "norm_type="
        + p
        + ", kernel_size="
        + w.kernel()
        + ", stride="
        + w.stride()
        + ", ceil_mode="
        + w.ceilMode();
  }
}
