package dev.kiln.ops;

import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.UnaryOp;

/**
 * The gradients of the functions of one element, written with ops that have gradients themselves.
 * They are what {@link dev.kiln.backend.Backend#unaryGrad} computes in one kernel, and run in its
 * place when the backward pass is recorded.
 *
 * <p>A branch that is not taken must stay finite: where() gives it a gradient of 0, and 0 times
 * infinity would be NaN.
 */
final class Derivatives {
  private static final double SELU_ALPHA = 1.6732632423543772848170429916717;
  private static final double SELU_SCALE = 1.0507009873554804934193349852946;
  private static final double TWO_OVER_SQRT_PI = 1.12837916709551257390;
  private static final double ONE_OVER_SQRT_2PI = 0.39894228040143267794;
  private static final double GELU_SCALE = 0.79788456080286535588;
  private static final double GELU_CUBE = 0.044715;

  /** Where tanh of GELU's polynomial is 1 or -1 in double precision, with room to spare. */
  private static final double GELU_FLAT = 10;

  private Derivatives() {}

  /**
   * Computes {@code dy * f'(x)}.
   *
   * @param op f
   * @param dy the gradient of y
   * @param x the input of f, as it stands in the graph
   * @param y f(x), as it stands in the graph
   * @param a f's first parameter
   * @param b f's second parameter
   * @return the gradient of x, differentiable in dy and x
   */
  static Tensor of(UnaryOp op, Tensor dy, Tensor x, Tensor y, double a, double b) {
    return switch (op) {
      case ABS -> dy.mul(x.sign());
      case NEG -> dy.neg();
      case SIGN, FLOOR, CEIL, ROUND -> zeros(dy);
      case SQUARE -> dy.mul(x).mul(2);
      case SQRT -> dy.div(y.add(y)); // a factor of 2 would turn -0 into 0
      case RSQRT -> dy.mul(y).mul(y).mul(y).mul(-0.5);
      case RECIPROCAL -> dy.mul(y).mul(y).neg();
      case EXP -> dy.mul(y);
      case EXPM1 -> dy.mul(y.add(1));
      case LOG -> dy.div(x);
      case LOG1P -> dy.div(x.add(1));
      case SIN -> dy.mul(Elementwise.cos(x));
      case COS -> dy.mul(Elementwise.sin(x)).neg();
      case ERF -> dy.mul(x.square().neg().exp().mul(TWO_OVER_SQRT_PI));
      case AFFINE -> dy.mul(a);
      case POW -> a == 0 ? zeros(dy) : dy.mul(Elementwise.pow(x, a - 1)).mul(a);
      case CLAMP -> dy.where(and(ge(x, a), le(x, b)), zero(dy));
      case RELU -> zero(dy).where(le(y, 0), dy);
      case LEAKY_RELU -> dy.where(x.gt(0), dy.mul(a));
      case ELU -> dy.mul(below(x).exp()).mul(a).where(le(x, 0), dy);
      case CELU -> dy.mul(below(x).mul(1 / a).exp()).where(le(x, 0), dy);
      case SELU -> dy.mul(below(x).exp()).mul(SELU_ALPHA).where(le(x, 0), dy).mul(SELU_SCALE);
      case GELU -> dy.mul(normalCdf(x).add(x.mul(normalPdf(x))));
      case GELU_TANH -> dy.mul(geluTanh(x));
      case SILU -> dy.mul(x.sigmoid()).mul(x.mul(x.neg().sigmoid()).add(1));
      case MISH -> dy.mul(mish(x));
      case SIGMOID -> dy.mul(Elementwise.affine(y, -1, 1)).mul(y);
      case LOG_SIGMOID -> dy.mul(x.neg().sigmoid());
      case TANH -> dy.mul(Elementwise.affine(y.square(), -1, 1));
      case SOFTPLUS -> dy.where(x.mul(a).gt(b), dy.mul(x.mul(a).sigmoid()));
      case SOFTSIGN -> dy.div(x.abs().add(1).square());
      case HARDTANH -> zero(dy).where(or(le(x, a), ge(x, b)), dy);
      case HARDSIGMOID -> dy.mul(1.0 / 6).where(and(x.gt(-3), x.lt(3)), zero(dy));
      case HARDSWISH -> {
        Tensor inside = dy.mul(Elementwise.affine(x, 1.0 / 3, 0.5));
        yield zero(dy).where(le(x, -3), inside.where(x.lt(3), dy));
      }
    };
  }

  private static Tensor zero(Tensor like) {
    return Elementwise.constant(like, 0);
  }

  private static Tensor le(Tensor x, double value) {
    return Elementwise.le(x, Elementwise.constant(x, value));
  }

  private static Tensor ge(Tensor x, double value) {
    return Elementwise.ge(x, Elementwise.constant(x, value));
  }

  private static Tensor and(Tensor p, Tensor q) {
    return Elementwise.logicalAnd(p, q);
  }

  private static Tensor or(Tensor p, Tensor q) {
    return Elementwise.logicalOr(p, q);
  }

  private static Tensor zeros(Tensor like) {
    return Tensor.zeros(like.shape(), like.dtype(), like.device());
  }

  /** x where it is 0 or less, so that its exponential does not overflow where it does not count. */
  private static Tensor below(Tensor x) {
    return x.clamp(Double.NEGATIVE_INFINITY, 0);
  }

  private static Tensor normalPdf(Tensor x) {
    return x.square().mul(-0.5).exp().mul(ONE_OVER_SQRT_2PI);
  }

  /** GELU is x times it, and keeps the digits of small results that 1 + erf would lose. */
  private static Tensor normalCdf(Tensor x) {
    Tensor y =
        NoGrad.run(
            () ->
                Elementwise.constant(x, 0.5)
                    .where(x.eq(0), Elementwise.div(Elementwise.gelu(x), x)));
    return Autograd.record("normal_cdf", y, Edge.of(x, dy -> dy.mul(normalPdf(x))));
  }

  private static Tensor geluTanh(Tensor x) {
    Tensor c = x.clamp(-GELU_FLAT, GELU_FLAT);
    Tensor square = c.square();
    Tensor t = c.mul(Elementwise.affine(square, GELU_SCALE * GELU_CUBE, GELU_SCALE)).tanh();
    Tensor slope = Elementwise.affine(square, 3 * GELU_SCALE * GELU_CUBE, GELU_SCALE);
    Tensor rest = c.mul(Elementwise.affine(t.square(), -1, 1)).mul(slope).mul(0.5);
    return Elementwise.affine(t, 0.5, 0.5).add(rest);
  }

  private static Tensor mish(Tensor x) {
    Tensor t = Elementwise.softplus(x, 1, Double.POSITIVE_INFINITY).tanh();
    return t.add(x.mul(x.sigmoid()).mul(Elementwise.affine(t.square(), -1, 1)));
  }
}
