package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.Backend;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.UnaryOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Functions of one, two or three elements, with broadcasting and PyTorch's type promotion.
 *
 * <p>Functions whose results are not integers turn integer and BOOL inputs into FLOAT32. Every
 * method throws {@link dev.kiln.ShapeException} when shapes do not broadcast, {@link
 * dev.kiln.DeviceException} when devices differ and {@link dev.kiln.ReleasedException} when an
 * input was released.
 */
public final class Elementwise {
  private Elementwise() {}

  // ---- one operand ----------------------------------------------------------------------------

  /**
   * Runs a function on every element; its gradient is the backend's {@code unaryGrad}, or is
   * composed of ops where it will be differentiated again.
   */
  private static Tensor unary(String name, UnaryOp op, Tensor given, double a, double b) {
    Tensor input = Casts.input(op, given);
    Tensor x = Check.dense(name, "input", input);
    Backend backend = Check.backend(name, x);
    Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
    backend.unary(op, y.view(), x.view(), a, b);
    return Autograd.record(
        name,
        y,
        Edge.of(
            input,
            dy -> {
              if (NoGrad.isRecording()) {
                return Derivatives.of(op, dy, input, y, a, b);
              }
              Tensor g = Check.dense(name, "dy", dy);
              Tensor saved =
                  switch (op.saves()) {
                    case X -> x;
                    case Y -> y;
                    case NOTHING -> g;
                  };
              Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
              backend.unaryGrad(op, dx.view(), g.view(), saved.view(name, "saved"), a, b);
              return dx;
            }));
  }

  private static Tensor floatUnary(String name, UnaryOp op, Tensor x, double a, double b) {
    return unary(name, op, floating(name, x), a, b);
  }

  static Tensor floating(String name, Tensor x) {
    x.view(name, "input");
    return x.dtype().isFloating() ? x : x.to(DType.FLOAT32);
  }

  static Tensor number(String name, Tensor x) {
    if (x.dtype() == DType.BOOL) {
      throw new DTypeException(
          "[" + name + "] input " + x.describe() + " is BOOL; convert it with to(dtype)");
    }
    return x;
  }

  /** {@code -x}. */
  public static Tensor neg(Tensor x) {
    return unary("neg", UnaryOp.NEG, number("neg", x), 0, 0);
  }

  /** The sign: -1, 0 or 1; of BOOL the value itself. The gradient is 0. */
  public static Tensor sign(Tensor x) {
    return x.dtype() == DType.BOOL ? x.copy() : unary("sign", UnaryOp.SIGN, x, 0, 0);
  }

  /** The absolute value; its gradient at 0 is 0. */
  public static Tensor abs(Tensor x) {
    return unary("abs", UnaryOp.ABS, number("abs", x), 0, 0);
  }

  /** The largest integer not above x. The gradient is 0. */
  public static Tensor floor(Tensor x) {
    return unary("floor", UnaryOp.FLOOR, number("floor", x), 0, 0);
  }

  /** The smallest integer not below x. The gradient is 0. */
  public static Tensor ceil(Tensor x) {
    return unary("ceil", UnaryOp.CEIL, number("ceil", x), 0, 0);
  }

  /** The nearest integer, ties to even. The gradient is 0. */
  public static Tensor round(Tensor x) {
    return unary("round", UnaryOp.ROUND, number("round", x), 0, 0);
  }

  /** {@code x * x}. */
  public static Tensor square(Tensor x) {
    return unary("square", UnaryOp.SQUARE, with("square", x, 2), 0, 0);
  }

  /** The square root; NaN below 0. */
  public static Tensor sqrt(Tensor x) {
    return floatUnary("sqrt", UnaryOp.SQRT, x, 0, 0);
  }

  /** {@code 1 / sqrt(x)}. */
  public static Tensor rsqrt(Tensor x) {
    return floatUnary("rsqrt", UnaryOp.RSQRT, x, 0, 0);
  }

  /** {@code 1 / x}. */
  public static Tensor reciprocal(Tensor x) {
    return floatUnary("reciprocal", UnaryOp.RECIPROCAL, x, 0, 0);
  }

  /** e to the power of x. */
  public static Tensor exp(Tensor x) {
    return floatUnary("exp", UnaryOp.EXP, x, 0, 0);
  }

  /** {@code e^x - 1}, exact near 0. */
  public static Tensor expm1(Tensor x) {
    return floatUnary("expm1", UnaryOp.EXPM1, x, 0, 0);
  }

  /** The natural logarithm; NaN below 0. */
  public static Tensor log(Tensor x) {
    return floatUnary("log", UnaryOp.LOG, x, 0, 0);
  }

  /** {@code ln(1 + x)}, exact near 0. */
  public static Tensor log1p(Tensor x) {
    return floatUnary("log1p", UnaryOp.LOG1P, x, 0, 0);
  }

  /** The sine, x in radians. */
  public static Tensor sin(Tensor x) {
    return floatUnary("sin", UnaryOp.SIN, x, 0, 0);
  }

  /** The cosine, x in radians. */
  public static Tensor cos(Tensor x) {
    return floatUnary("cos", UnaryOp.COS, x, 0, 0);
  }

  /** The Gauss error function. */
  public static Tensor erf(Tensor x) {
    return floatUnary("erf", UnaryOp.ERF, x, 0, 0);
  }

  /** {@code 1 / (1 + e^-x)}. */
  public static Tensor sigmoid(Tensor x) {
    return floatUnary("sigmoid", UnaryOp.SIGMOID, x, 0, 0);
  }

  /** {@code ln(sigmoid(x))}, without overflow. */
  public static Tensor logSigmoid(Tensor x) {
    return floatUnary("log_sigmoid", UnaryOp.LOG_SIGMOID, x, 0, 0);
  }

  /** The hyperbolic tangent. */
  public static Tensor tanh(Tensor x) {
    return floatUnary("tanh", UnaryOp.TANH, x, 0, 0);
  }

  /** Scaled ELU; Klambauer et al. 2017. */
  public static Tensor selu(Tensor x) {
    return floatUnary("selu", UnaryOp.SELU, x, 0, 0);
  }

  /** {@code x * sigmoid(x)}. */
  public static Tensor silu(Tensor x) {
    return floatUnary("silu", UnaryOp.SILU, x, 0, 0);
  }

  /** {@code x * tanh(softplus(x))}; Misra 2019. */
  public static Tensor mish(Tensor x) {
    return floatUnary("mish", UnaryOp.MISH, x, 0, 0);
  }

  /** {@code x / (1 + |x|)}. */
  public static Tensor softsign(Tensor x) {
    return floatUnary("softsign", UnaryOp.SOFTSIGN, x, 0, 0);
  }

  /** {@code clamp(x / 6 + 1/2, 0, 1)}. */
  public static Tensor hardsigmoid(Tensor x) {
    return floatUnary("hardsigmoid", UnaryOp.HARDSIGMOID, x, 0, 0);
  }

  /** {@code x * hardsigmoid(x)}. */
  public static Tensor hardswish(Tensor x) {
    return floatUnary("hardswish", UnaryOp.HARDSWISH, x, 0, 0);
  }

  /** max(x, 0); its gradient at 0 is 0. */
  public static Tensor relu(Tensor x) {
    return unary("relu", UnaryOp.RELU, number("relu", x), 0, 0);
  }

  /** x above 0, {@code negativeSlope * x} below; PyTorch's default slope is 0.01. */
  public static Tensor leakyRelu(Tensor x, double negativeSlope) {
    return floatUnary("leaky_relu", UnaryOp.LEAKY_RELU, x, negativeSlope, 0);
  }

  /** x above 0, {@code alpha * (e^x - 1)} below; Clevert et al. 2015. */
  public static Tensor elu(Tensor x, double alpha) {
    return floatUnary("elu", UnaryOp.ELU, x, alpha, 0);
  }

  /** x above 0, {@code alpha * (e^(x / alpha) - 1)} below; Barron 2017. */
  public static Tensor celu(Tensor x, double alpha) {
    return floatUnary("celu", UnaryOp.CELU, x, alpha, 0);
  }

  /** {@code x * Phi(x)} with the error function; Hendrycks and Gimpel 2016. */
  public static Tensor gelu(Tensor x) {
    return floatUnary("gelu", UnaryOp.GELU, x, 0, 0);
  }

  /** GELU by its tanh approximation. */
  public static Tensor geluTanh(Tensor x) {
    return floatUnary("gelu", UnaryOp.GELU_TANH, x, 0, 0);
  }

  /** {@code ln(1 + e^(beta x)) / beta}, and x where beta x is above the threshold. */
  public static Tensor softplus(Tensor x, double beta, double threshold) {
    return floatUnary("softplus", UnaryOp.SOFTPLUS, x, beta, threshold);
  }

  /**
   * Limits x to min .. max; the gradient passes inside and at the limits. An infinite limit is
   * none; integers become FLOAT32 where a limit is no integer.
   */
  public static Tensor clamp(Tensor x, double min, double max) {
    Tensor low = Double.isInfinite(min) ? x : with("clamp", x, min);
    Tensor in = Double.isInfinite(max) ? low : with("clamp", low, max);
    return unary("clamp", UnaryOp.CLAMP, number("clamp", in), min, max);
  }

  /** Limits x to min .. max; the gradient passes strictly inside. */
  public static Tensor hardtanh(Tensor x, double min, double max) {
    return unary("hardtanh", UnaryOp.HARDTANH, number("hardtanh", x), min, max);
  }

  /** min(max(x, 0), 6). */
  public static Tensor relu6(Tensor x) {
    return unary("relu6", UnaryOp.HARDTANH, number("relu6", x), 0, 6);
  }

  /** x to a constant power; integers stay integers where the exponent is one and not negative. */
  public static Tensor pow(Tensor x, double exponent) {
    boolean whole = x.dtype().isIntegral() && exponent >= 0 && fits(x, exponent);
    return unary("pow", UnaryOp.POW, whole ? x : floating("pow", x), exponent, 0);
  }

  /** {@code scale * x + shift} in one pass; differentiable any number of times. */
  public static Tensor affine(Tensor x, double scale, double shift) {
    return affine("affine", x, scale, shift);
  }

  private static Tensor affine(String name, Tensor input, double scale, double shift) {
    Tensor typed = with(name, with(name, input, scale), shift);
    Tensor x = Check.dense(name, "input", typed);
    Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
    Check.backend(name, x).unary(UnaryOp.AFFINE, y.view(), x.view(), scale, shift);
    return Autograd.record(name, y, Edge.of(typed, dy -> scale == 1 ? dy : mul(dy, scale)));
  }

  /** Whether a number keeps the type of integers: it is one itself, as Python's int. */
  private static boolean fits(Tensor x, double value) {
    return x.dtype().isFloating() || !Double.isInfinite(value) && value == Math.rint(value);
  }

  /** The type of x mixed with a number: an integer makes BOOL INT64, a fraction FLOAT32. */
  private static DType with(DType x, double value) {
    if (x.isFloating()) {
      return x;
    }
    boolean whole = !Double.isInfinite(value) && value == Math.rint(value);
    return !whole ? DType.FLOAT32 : x == DType.BOOL ? DType.INT64 : x;
  }

  private static Tensor with(String name, Tensor x, double value) {
    return as(name, x, with(x.dtype(), value));
  }

  /** {@code x + value}. */
  public static Tensor add(Tensor x, double value) {
    return affine("add", x, 1, value);
  }

  /** {@code x - value}; BOOL is refused, as in PyTorch. */
  public static Tensor sub(Tensor x, double value) {
    return affine("sub", number("sub", x), 1, -value);
  }

  /** {@code x * value}. */
  public static Tensor mul(Tensor x, double value) {
    // Adding -0 keeps the sign of a product of 0.
    return affine("mul", x, value, -0.0);
  }

  /** {@code x / value}; integers become FLOAT32. */
  public static Tensor div(Tensor x, double value) {
    return div(x, constant(floating("div", x), value));
  }

  /**
   * Makes a scalar on x's device, of the type that x has when it meets the number: a floating x
   * keeps its type, integers and BOOL become FLOAT32 for a fraction, BOOL INT64 for an integer.
   */
  public static Tensor constant(Tensor x, double value) {
    return Tensor.scalar(value, with(x.dtype(), value), x.device());
  }

  // ---- two operands ---------------------------------------------------------------------------

  static Tensor binary(String name, BinaryOp op, Tensor a, Tensor b) {
    Backend backend = Check.backend(name, a, b);
    Shape shape = ShapeRules.broadcast(name, a, b);
    Tensor y = Tensor.empty(shape, op.isPredicate() ? DType.BOOL : a.dtype(), a.device());
    backend.binary(
        op, y.view(), a.view(name, "input").expand(shape), b.view(name, "other").expand(shape));
    return y;
  }

  /** The type of a mix; a scalar counts only if it is of a higher kind. */
  static DType common(Tensor a, Tensor b) {
    DType both = DType.promote(a.dtype(), b.dtype());
    if (a.dim() == 0 && b.dim() > 0 && sameKind(a, b)) {
      return b.dtype();
    }
    if (b.dim() == 0 && a.dim() > 0 && sameKind(a, b)) {
      return a.dtype();
    }
    return both;
  }

  private static boolean sameKind(Tensor a, Tensor b) {
    return a.dtype().isFloating() == b.dtype().isFloating()
        && a.dtype().isIntegral() == b.dtype().isIntegral();
  }

  static Tensor as(String name, Tensor t, DType dtype) {
    t.view(name, "input");
    return t.to(dtype);
  }

  /** {@code a + b}. */
  public static Tensor add(Tensor a, Tensor b) {
    DType dtype = common(a, b);
    Tensor y = binary("add", BinaryOp.ADD, as("add", a, dtype), as("add", b, dtype));
    return Autograd.record("add", y, Edge.of(a, dy -> dy), Edge.of(b, dy -> dy));
  }

  /** {@code a - b}. */
  public static Tensor sub(Tensor a, Tensor b) {
    DType dtype = common(number("sub", a), number("sub", b));
    Tensor y = binary("sub", BinaryOp.SUB, as("sub", a, dtype), as("sub", b, dtype));
    return Autograd.record("sub", y, Edge.of(a, dy -> dy), Edge.of(b, dy -> mul(dy, -1)));
  }

  /** {@code a * b}. */
  public static Tensor mul(Tensor a, Tensor b) {
    DType dtype = common(a, b);
    Tensor y = binary("mul", BinaryOp.MUL, as("mul", a, dtype), as("mul", b, dtype));
    return Autograd.record("mul", y, Edge.of(a, dy -> mul(dy, b)), Edge.of(b, dy -> mul(dy, a)));
  }

  /** {@code a / b}; integers become FLOAT32. */
  public static Tensor div(Tensor a, Tensor b) {
    DType mixed = common(a, b);
    DType dtype = mixed.isFloating() ? mixed : DType.FLOAT32;
    Tensor y = binary("div", BinaryOp.DIV, as("div", a, dtype), as("div", b, dtype));
    return Autograd.record(
        "div", y, Edge.of(a, dy -> div(dy, b)), Edge.of(b, dy -> mul(div(mul(dy, y), b), -1)));
  }

  /** Which way a quotient is rounded to an integer. */
  public enum Rounding {
    /** Towards 0. */
    TRUNC,
    /** Down. */
    FLOOR
  }

  /**
   * {@code a / b} rounded, with a gradient of 0; integers stay integers. FLOAT32 is divided in
   * FLOAT64, so that a quotient just below an integer is not rounded up to it first.
   *
   * @param a broadcast with b
   * @param b broadcast with a
   * @param rounding which way
   */
  public static Tensor div(Tensor a, Tensor b, Rounding rounding) {
    DType dtype = common(a, b);
    if (!dtype.isFloating()) {
      return integerQuotient(number("div", as("div", a, dtype)), as("div", b, dtype), rounding);
    }
    // A quotient by 0 would make NaN of the gradient 0.
    Tensor y = NoGrad.run(() -> rounding == Rounding.FLOOR ? floorQuotient(a, b) : cut(a, b));
    return Autograd.record(
        "div", y.to(dtype), Edge.of(a, Creation::zerosLike), Edge.of(b, Creation::zerosLike));
  }

  /** As Python has it: -1 of a negative number and infinity, NaN of infinity and a number. */
  private static Tensor floorQuotient(Tensor a, Tensor b) {
    return Division.floorDivide(a.detach(), b.detach());
  }

  private static Tensor cut(Tensor a, Tensor b) {
    Tensor q = div(a.to(DType.FLOAT64), b.to(DType.FLOAT64));
    return where(q.lt(0), ceil(q), floor(q));
  }

  private static Tensor integerQuotient(Tensor a, Tensor b, Rounding rounding) {
    Tensor q = binary("div", BinaryOp.DIV, a, b);
    if (rounding == Rounding.TRUNC) {
      return q;
    }
    Tensor rest = sub(a, mul(q, b));
    Tensor zero = constant(rest, 0);
    Tensor apart = ne(lt(rest, zero), lt(b, zero));
    return where(logicalAnd(ne(rest, zero), apart), add(q, -1), q);
  }

  /**
   * {@code a^b}; integers stay integers, and to a negative power become 0 unless they are 1 or -1.
   */
  public static Tensor pow(Tensor a, Tensor b) {
    DType mixed = common(a, b);
    DType dtype = mixed.isFloating() || mixed.isIntegral() ? mixed : DType.FLOAT32;
    Tensor x = as("pow", a, dtype);
    Tensor e = as("pow", b, dtype);
    Tensor y = binary("pow", BinaryOp.POW, x, e);
    return Autograd.record(
        "pow",
        y,
        Edge.of(
            a,
            dy -> {
              // 0 where the exponent is 0, even at x = 0, as the limit says.
              Tensor g = mul(mul(dy, e), pow(x, add(e, -1)));
              return where(eq(e, constant(e, 0)), constant(g, 0), g);
            }),
        Edge.of(
            b,
            dy -> {
              Tensor zero = constant(x, 0);
              Tensor none = logicalAnd(eq(x, zero), ge(e, zero));
              // The logarithm of 0 is kept away, for it would make the next gradient NaN.
              Tensor g = mul(mul(dy, y), log(where(none, constant(x, 1), x)));
              return where(none, zero, g);
            }));
  }

  /** The larger of two; where they are equal, half the gradient goes to each. */
  public static Tensor maximum(Tensor a, Tensor b) {
    return extreme("maximum", BinaryOp.MAXIMUM, BinaryOp.LT, a, b);
  }

  /** The smaller of two; where they are equal, half the gradient goes to each. */
  public static Tensor minimum(Tensor a, Tensor b) {
    return extreme("minimum", BinaryOp.MINIMUM, BinaryOp.GT, a, b);
  }

  private static Tensor extreme(String name, BinaryOp op, BinaryOp loses, Tensor p, Tensor q) {
    DType dtype = common(p, q);
    Tensor a = as(name, p, dtype);
    Tensor b = as(name, q, dtype);
    Tensor y = binary(name, op, a, b);
    return Autograd.record(
        name,
        y,
        Edge.of(p, dy -> share(loses, a, b, dy)),
        Edge.of(q, dy -> share(loses, b, a, dy)));
  }

  /** Beside a NaN neither loses, so both get the gradient, as in PyTorch. */
  private static Tensor share(BinaryOp loses, Tensor mine, Tensor other, Tensor dy) {
    Tensor won = where(eq(mine, other), mul(dy, 0.5), dy);
    return where(binary("compare", loses, mine, other), constant(dy, 0), won);
  }

  /** {@code a == b}, as BOOL. */
  public static Tensor eq(Tensor a, Tensor b) {
    DType dtype = common(a, b);
    return binary("eq", BinaryOp.EQ, as("eq", a, dtype), as("eq", b, dtype));
  }

  /** {@code a != b}, as BOOL. */
  public static Tensor ne(Tensor a, Tensor b) {
    DType dtype = common(a, b);
    return binary("ne", BinaryOp.NE, as("ne", a, dtype), as("ne", b, dtype));
  }

  /** {@code a < b}, as BOOL. */
  public static Tensor lt(Tensor a, Tensor b) {
    DType dtype = common(a, b);
    return binary("lt", BinaryOp.LT, as("lt", a, dtype), as("lt", b, dtype));
  }

  /** {@code a <= b}, as BOOL. */
  public static Tensor le(Tensor a, Tensor b) {
    DType dtype = common(a, b);
    return binary("le", BinaryOp.LE, as("le", a, dtype), as("le", b, dtype));
  }

  /** {@code a > b}, as BOOL. */
  public static Tensor gt(Tensor a, Tensor b) {
    DType dtype = common(a, b);
    return binary("gt", BinaryOp.GT, as("gt", a, dtype), as("gt", b, dtype));
  }

  /** {@code a >= b}, as BOOL. */
  public static Tensor ge(Tensor a, Tensor b) {
    DType dtype = common(a, b);
    return binary("ge", BinaryOp.GE, as("ge", a, dtype), as("ge", b, dtype));
  }

  /** {@code x == value}, as BOOL. */
  public static Tensor eq(Tensor x, double value) {
    return compare("eq", BinaryOp.EQ, x, value);
  }

  /** {@code x != value}, as BOOL. */
  public static Tensor ne(Tensor x, double value) {
    return compare("ne", BinaryOp.NE, x, value);
  }

  /** {@code x < value}, as BOOL. */
  public static Tensor lt(Tensor x, double value) {
    return compare("lt", BinaryOp.LT, x, value);
  }

  /** {@code x <= value}, as BOOL. */
  public static Tensor le(Tensor x, double value) {
    return compare("le", BinaryOp.LE, x, value);
  }

  /** {@code x > value}, as BOOL. */
  public static Tensor gt(Tensor x, double value) {
    return compare("gt", BinaryOp.GT, x, value);
  }

  /** {@code x >= value}, as BOOL. */
  public static Tensor ge(Tensor x, double value) {
    return compare("ge", BinaryOp.GE, x, value);
  }

  /** Narrow integers are compared as INT64, so that a number outside their range does not wrap. */
  private static Tensor compare(String name, BinaryOp op, Tensor x, double value) {
    DType mixed = with(x.dtype(), value);
    DType dtype = mixed.isIntegral() ? DType.INT64 : mixed;
    return binary(name, op, as(name, x, dtype), Tensor.scalar(value, dtype, x.device()));
  }

  /** Whether both are non-zero, as BOOL. */
  public static Tensor logicalAnd(Tensor a, Tensor b) {
    return binary(
        "logical_and",
        BinaryOp.AND,
        as("logical_and", a, DType.BOOL),
        as("logical_and", b, DType.BOOL));
  }

  /** Whether either is non-zero, as BOOL. */
  public static Tensor logicalOr(Tensor a, Tensor b) {
    return binary(
        "logical_or",
        BinaryOp.OR,
        as("logical_or", a, DType.BOOL),
        as("logical_or", b, DType.BOOL));
  }

  // ---- three operands -------------------------------------------------------------------------

  /**
   * Takes elements of a where a condition holds, else of b.
   *
   * @param condition BOOL
   * @param a broadcast with the others
   * @param b broadcast with the others
   * @return the chosen elements
   */
  public static Tensor where(Tensor condition, Tensor a, Tensor b) {
    Backend backend = Check.backend("where", condition, a, b);
    if (condition.dtype() != DType.BOOL) {
      throw new DTypeException(
          "[where] condition " + condition.describe() + " must be BOOL; compare it, as in ne(0)");
    }
    DType dtype = common(a, b);
    Tensor p = as("where", a, dtype);
    Tensor q = as("where", b, dtype);
    Shape ab = ShapeRules.broadcast("where", p, q);
    Shape shape =
        ShapeRules.broadcast(
            "where", condition.shape(), ab, condition.describe(), dtype.toString() + ab);
    Tensor y = Tensor.empty(shape, dtype, a.device());
    backend.where(
        y.view(),
        condition.view("where", "condition").expand(shape),
        p.view("where", "input").expand(shape),
        q.view("where", "other").expand(shape));
    return Autograd.record(
        "where",
        y,
        Edge.of(a, dy -> where(condition, dy, constant(dy, 0))),
        Edge.of(b, dy -> where(condition, constant(dy, 0), dy)));
  }

  /** Takes elements of a where a condition holds, else a number. */
  public static Tensor where(Tensor condition, Tensor a, double b) {
    return where(condition, a, constant(a, b));
  }

  /** Takes a number where a condition holds, else elements of b. */
  public static Tensor where(Tensor condition, double a, Tensor b) {
    return where(condition, constant(b, a), b);
  }

  /**
   * Limits x from both sides by tensors; where they cross, the upper one counts. A NaN in any gives
   * NaN. The gradient goes to x inside and at the limits, else to the limit that counts; a lower
   * one that is not below the upper one gets none, nor does anything at NaN.
   *
   * @param x broadcast with the others
   * @param min the lower limit, if there is one
   * @param max the upper limit, if there is one
   */
  public static Tensor clamp(Tensor x, Optional<Tensor> min, Optional<Tensor> max) {
    Tensor raised = min.map(m -> maximum(x.detach(), m.detach())).orElse(x.detach());
    Tensor y = max.map(m -> minimum(raised, m.detach())).orElse(raised);
    Tensor low = min.orElse(x);
    Tensor high = max.orElse(x);
    List<Edge> edges = new ArrayList<>();
    Tensor inside = logicalAnd(ge(x, low), le(x, high));
    edges.add(Edge.of(x, dy -> where(inside, dy, 0)));
    if (min.isPresent()) {
      Tensor below = max.isPresent() ? logicalAnd(lt(x, low), lt(low, high)) : lt(x, low);
      edges.add(Edge.of(low, dy -> where(below, dy, 0)));
    }
    if (max.isPresent()) {
      Tensor above = min.isPresent() ? logicalOr(gt(x, high), lt(high, low)) : gt(x, high);
      edges.add(Edge.of(high, dy -> where(above, dy, 0)));
    }
    boolean free = min.isEmpty() && max.isEmpty();
    return Autograd.record("clamp", free ? y.copy() : y, edges.toArray(Edge[]::new));
  }

  /** {@code a + weight * (b - a)}; exactly b for weight 1. */
  public static Tensor lerp(Tensor a, Tensor b, double weight) {
    return Math.abs(weight) < 0.5
        ? add(a, mul(sub(b, a), weight))
        : sub(b, mul(sub(b, a), 1 - weight));
  }

  /** {@code a + weight * (b - a)}, all broadcast; exactly b where the weight is 1. */
  public static Tensor lerp(Tensor a, Tensor b, Tensor weight) {
    Tensor apart = sub(b, a);
    Tensor near = lt(abs(weight.detach()), constant(weight, 0.5));
    return where(near, add(a, mul(apart, weight)), sub(b, mul(apart, affine(weight, -1, 1))));
  }
}
