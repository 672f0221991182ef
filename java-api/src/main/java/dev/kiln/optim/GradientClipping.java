package dev.kiln.optim;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.UnaryOp;
import dev.kiln.backend.View;
import dev.kiln.ops.Norms;
import dev.kiln.ops.Shaping;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Limits gradients between the backward pass and the optimizer's step, on the device.
 *
 * <p>Gradients that lie in an optimizer's slab are handled together; nothing is read back.
 */
public final class GradientClipping {
  private static final double EPS = 1e-6;

  private GradientClipping() {}

  /**
   * As {@link #norm(List, double, double)} with eps = 1e-6.
   *
   * @param parameters parameters; those without a gradient do not count
   * @param maxNorm the largest norm that is left alone, at least 0
   * @return the norm before clipping, a scalar
   */
  public static Tensor norm(List<Tensor> parameters, double maxNorm) {
    return norm(parameters, maxNorm, EPS);
  }

  /**
   * Scales all gradients together by {@code min(1, maxNorm / (norm + eps))}, where norm is the
   * Euclidean norm of all of them as one vector. A norm that is not a number makes all gradients
   * so. Pascanu et al. 2013; PyTorch's {@code clip_grad_norm_}.
   *
   * @param parameters parameters; those without a gradient do not count
   * @param maxNorm the largest norm that is left alone, at least 0
   * @param eps keeps the quotient finite
   * @return the norm before clipping, a scalar on the first gradient's device; FLOAT64 if the first
   *     gradient is, else FLOAT32
   * @throws OptimizerException if maxNorm is negative or NaN, or there are no parameters
   */
  public static Tensor norm(List<Tensor> parameters, double maxNorm, double eps) {
    return norm(parameters, maxNorm, 2, eps);
  }

  /**
   * As {@link #norm(List, double, double)} with another norm than the Euclidean.
   *
   * @param parameters parameters; those without a gradient do not count
   * @param maxNorm the largest norm that is left alone, at least 0
   * @param normType the order of the norm, above 0; infinity for the largest magnitude
   * @param eps keeps the quotient finite
   * @return the norm before clipping, as above
   * @throws OptimizerException if maxNorm is negative or NaN, normType is not above 0, or there are
   *     no parameters
   */
  public static Tensor norm(List<Tensor> parameters, double maxNorm, double normType, double eps) {
    if (!(normType > 0)) {
      throw new OptimizerException("[clip_grad_norm] normType = " + normType + " must be > 0");
    }
    if (!(maxNorm >= 0)) {
      throw new OptimizerException("[clip_grad_norm] maxNorm = " + maxNorm + " must be >= 0");
    }
    requireSome("clip_grad_norm", parameters);
    Scope scope = Scope.open("clip_grad_norm");
    try (scope;
        NoGrad off = NoGrad.open()) {
      GradientStretches all = GradientStretches.of(parameters);
      if (all.views().isEmpty()) {
        Tensor p = parameters.get(0);
        return scope.keep(Tensor.zeros(Shape.scalar(), p.dtype(), p.device()));
      }
      Map<Device, List<View>> parts = all.byDevice();
      Measured m =
          normType == 2 && parts.size() == 1
              ? measure(all, maxNorm, eps)
              : measure(all, maxNorm, normType, eps);
      parts.forEach((on, views) -> on.backend().fused().scaleAll(views, m.factor().to(on).view()));
      all.clearPadding(); // 0 * NaN would stay there for good
      return scope.keep(m.norm());
    }
  }

  /** A norm, and what gradients are multiplied by to limit it, FLOAT64 [1]. */
  private record Measured(Tensor norm, Tensor factor) {}

  private static DType wide(GradientStretches.Stretch s) {
    return s.view().dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
  }

  private static Measured measure(GradientStretches all, double maxNorm, double eps) {
    GradientStretches.Stretch first = all.views().get(0);
    Tensor both = Tensor.empty(Shape.of(2), DType.FLOAT64, first.device());
    List<View> parts = all.views().stream().map(GradientStretches.Stretch::view).toList();
    first.device().backend().fused().gradientNorm(both.view(), parts, maxNorm, eps);
    Tensor norm = Tensor.empty(Shape.scalar(), wide(first), first.device());
    first.device().backend().copy(norm.view(), both.view().select(0, 0));
    return new Measured(norm, both.narrow(0, 1, 1));
  }

  /** By the norm of the pieces' norms; padding between gradients is 0 and adds nothing. */
  private static Measured measure(GradientStretches all, double maxNorm, double order, double eps) {
    GradientStretches.Stretch first = all.views().get(0);
    List<Tensor> norms = new ArrayList<>();
    for (GradientStretches.Stretch s : all.views()) {
      Tensor dense = Tensor.empty(s.view().shape(), wide(first), s.device());
      s.device().backend().copy(dense.view(), s.view());
      norms.add(Norms.norm(dense, order, new int[0], false).to(first.device()));
    }
    Tensor norm = Norms.norm(Shaping.stack(norms, 0), order, new int[0], false);
    Tensor wide = norm.to(DType.FLOAT64).reshape(1);
    Tensor limit = Tensor.full(Shape.of(1), maxNorm, DType.FLOAT64, first.device());
    Tensor one = Tensor.ones(Shape.of(1), DType.FLOAT64, first.device());
    return new Measured(norm, limit.div(wide.add(eps)).minimum(one));
  }

  /**
   * Limits every element of every gradient to {@code -limit .. limit}. PyTorch's {@code
   * clip_grad_value_}.
   *
   * @param parameters parameters; those without a gradient do not count
   * @param limit at least 0
   * @throws OptimizerException if the limit is negative or NaN, or there are no parameters
   */
  public static void value(List<Tensor> parameters, double limit) {
    if (!(limit >= 0)) {
      throw new OptimizerException("[clip_grad_value] limit = " + limit + " must be >= 0");
    }
    requireSome("clip_grad_value", parameters);
    try (Scope scope = Scope.open("clip_grad_value")) {
      for (GradientStretches.Stretch s : GradientStretches.of(parameters).views()) {
        if (s.view().isDense()) {
          s.device().backend().unary(UnaryOp.CLAMP, s.view(), s.view(), -limit, limit);
        } else {
          Tensor dense = Tensor.empty(s.view().shape(), s.view().dtype(), s.device());
          s.device().backend().copy(dense.view(), s.view());
          s.device().backend().unary(UnaryOp.CLAMP, dense.view(), dense.view(), -limit, limit);
          s.device().backend().copy(s.view(), dense.view());
        }
      }
    }
  }

  private static void requireSome(String op, List<Tensor> parameters) {
    if (parameters.isEmpty()) {
      throw new OptimizerException("[" + op + "] no parameters given; pass model.parameters()");
    }
  }
}
