package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.NoGrad;

/** Softmax and its logarithm, without overflow for any finite input. */
public final class Softmax {
  private static final int[] LAST = {-1};

  private Softmax() {}

  /** {@code e^x / sum(e^x)} along an axis. */
  public static Tensor softmax(Tensor x, int dim) {
    return along("softmax", x, dim, false);
  }

  /** {@code ln(softmax(x))} along an axis, exact where softmax underflows. */
  public static Tensor logSoftmax(Tensor x, int dim) {
    return along("log_softmax", x, dim, true);
  }

  /** Brings the axis to the end, where the kernel works on rows. */
  private static Tensor along(String name, Tensor input, int dim, boolean log) {
    Tensor x = input.dtype().isFloating() ? Casts.full(input) : input.to(DType.FLOAT32);
    int axis = ShapeRules.axis(name, x, dim);
    if (x.dim() == 0) {
      return Shaping.reshape(rows(name, Shaping.reshape(x, 1), log));
    }
    return axis == x.dim() - 1
        ? rows(name, x, log)
        : Shaping.transpose(rows(name, Shaping.transpose(x, axis, -1), log), axis, -1);
  }

  private static Tensor rows(String name, Tensor input, boolean log) {
    Tensor x = Check.dense(name, "input", input);
    long n = x.size(-1);
    Shape rows = Shape.of(n == 0 ? 0 : x.numel() / n, n);
    Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
    x.device().backend().fused().softmax(y.view().reshape(rows), x.view().reshape(rows), log);
    return Autograd.record(
        name,
        y,
        Edge.of(
            input,
            dy -> {
              if (NoGrad.isRecording()) {
                return log
                    ? dy.sub(y.exp().mul(dy.sum(LAST, true)))
                    : y.mul(dy.sub(dy.mul(y).sum(LAST, true)));
              }
              Tensor g = Check.dense(name, "dy", dy);
              Tensor dx = Tensor.empty(y.shape(), y.dtype(), y.device());
              y.device()
                  .backend()
                  .fused()
                  .softmaxGrad(
                      dx.view().reshape(rows),
                      g.view().reshape(rows),
                      y.view(name, "saved").reshape(rows),
                      log);
              return dx;
            }));
  }
}
