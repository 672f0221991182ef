package dev.kiln.ops;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.FusedOps;
import java.util.Optional;

/** Convolution (cross-correlation) of images. */
public final class Convolution {
  private Convolution() {}

  /**
   * Convolves images with filters.
   *
   * @param x [n, in, h, w]
   * @param weight [out, in / groups, kh, kw]
   * @param bias [out], if there is one
   * @param spec strides, padding, dilation, groups
   * @return [n, out, oh, ow]
   * @throws dev.kiln.ShapeException if channels, groups or window sizes do not fit
   */
  public static Tensor conv2d(Tensor x, Tensor weight, Optional<Tensor> bias, Conv2dSpec spec) {
    Shape shape = ShapeRules.conv2d(x, weight, bias, spec);
    Check.floating("conv2d", "input", x);
    Check.sameType("conv2d", "input", x, "weight", weight);
    bias.ifPresent(
        b -> {
          Check.sameType("conv2d", "input", x, "bias", b);
          Check.backend("conv2d", x, b);
        });
    FusedOps ops = Check.backend("conv2d", x, weight).fused();
    Tensor in = Check.dense("conv2d", "input", x);
    Tensor w = Check.dense("conv2d", "weight", weight);
    Tensor y = Tensor.empty(shape, x.dtype(), x.device());
    ops.conv2d(
        y.view(),
        in.view(),
        w.view(),
        Check.denseView("conv2d", "bias", bias),
        spec,
        Epilogue.NONE);
    Edge dx =
        Edge.of(
            x,
            dy -> {
              Autograd.firstOrderOnly("conv2d");
              Tensor g = Tensor.empty(x.shape(), x.dtype(), x.device());
              ops.conv2dGradInput(
                  g.view(),
                  Check.dense("conv2d", "dy", dy).view(),
                  w.view("conv2d", "weight"),
                  spec);
              return g;
            });
    Edge dw =
        Edge.of(
            weight,
            dy -> {
              Autograd.firstOrderOnly("conv2d");
              Tensor g = Tensor.empty(w.shape(), w.dtype(), w.device());
              ops.conv2dGradWeight(
                  g.view(),
                  Check.dense("conv2d", "dy", dy).view(),
                  in.view("conv2d", "input"),
                  spec);
              return g;
            });
    return bias.isPresent()
        ? Autograd.record(
            "conv2d",
            y,
            dx,
            dw,
            Edge.of(bias.get(), dy -> Reductions.sum(dy, new int[] {0, 2, 3}, false)))
        : Autograd.record("conv2d", y, dx, dw);
  }
}
