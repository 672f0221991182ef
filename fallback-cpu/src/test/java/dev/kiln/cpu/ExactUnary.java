package dev.kiln.cpu;

import static dev.kiln.cpu.Exact.MC;
import static dev.kiln.cpu.Exact.big;

import dev.kiln.backend.UnaryOp;
import java.math.BigDecimal;
import java.util.Optional;

/** The functions of {@link UnaryOp} to a hundred digits, written from their definitions. */
final class ExactUnary {
  private static final BigDecimal ONE = BigDecimal.ONE;
  private static final BigDecimal TWO = BigDecimal.valueOf(2);
  private static final BigDecimal HALF = new BigDecimal("0.5");
  private static final BigDecimal SELU_ALPHA = new BigDecimal("1.6732632423543772848170429916717");
  private static final BigDecimal SELU_SCALE = new BigDecimal("1.0507009873554804934193349852946");

  private ExactUnary() {}

  /** f(x; a, b), or nothing where it has no finite value. */
  static Optional<BigDecimal> value(UnaryOp op, BigDecimal x, double a, double b) {
    boolean defined =
        switch (op) {
          case SQRT -> x.signum() >= 0;
          case RSQRT, LOG -> x.signum() > 0;
          case POW -> x.signum() > 0;
          case RECIPROCAL -> x.signum() != 0;
          case LOG1P -> x.compareTo(ONE.negate()) > 0;
          default -> true;
        };
    return defined ? Optional.of(at(op, x, big(a), big(b))) : Optional.empty();
  }

  /**
   * f'(x; a, b), from x or from the exact y, whichever the op saves; nothing at kinks and where f
   * ends.
   */
  static Optional<BigDecimal> slope(UnaryOp op, BigDecimal saved, double a, double b) {
    boolean defined =
        switch (op) {
          case SQRT, LOG, POW -> saved.signum() > 0;
          case LOG1P -> saved.compareTo(ONE.negate()) > 0;
          case RELU, LEAKY_RELU, ELU, CELU, SELU, ABS -> saved.signum() != 0;
          case CLAMP, HARDTANH -> saved.compareTo(big(a)) != 0 && saved.compareTo(big(b)) != 0;
          case HARDSIGMOID, HARDSWISH -> saved.abs().compareTo(big(3)) != 0;
          default -> true;
        };
    return defined ? Optional.of(slopeAt(op, saved, big(a), big(b))) : Optional.empty();
  }

  private static BigDecimal slopeAt(UnaryOp op, BigDecimal x, BigDecimal a, BigDecimal b) {
    boolean above = x.signum() > 0;
    boolean inside = x.compareTo(a) > 0 && x.compareTo(b) < 0;
    return switch (op) {
      case ABS -> big(x.signum());
      case NEG -> ONE.negate();
      case SIGN, FLOOR, CEIL, ROUND -> BigDecimal.ZERO;
      case SQUARE -> x.multiply(TWO);
      case SQRT -> HALF.divide(x, MC);
      case RSQRT -> x.pow(3, MC).multiply(HALF).negate();
      case RECIPROCAL -> x.multiply(x, MC).negate();
      case EXP -> x;
      case EXPM1 -> x.add(ONE);
      case LOG -> ONE.divide(x, MC);
      case LOG1P -> ONE.divide(x.add(ONE), MC);
      case SIN -> Exact.cos(x);
      case COS -> Exact.sin(x).negate();
      case ERF -> TWO.divide(Exact.PI.sqrt(MC), MC).multiply(gaussian(x), MC);
      case AFFINE -> a;
      case POW -> a.multiply(Exact.exp(a.subtract(ONE).multiply(Exact.log(x), MC)), MC);
      case CLAMP, HARDTANH -> inside ? ONE : BigDecimal.ZERO;
      case RELU -> above ? ONE : BigDecimal.ZERO;
      case LEAKY_RELU -> above ? ONE : a;
      case ELU -> above ? ONE : a.multiply(Exact.exp(x), MC);
      case CELU -> above ? ONE : Exact.exp(x.divide(a, MC));
      case SELU -> SELU_SCALE.multiply(above ? ONE : SELU_ALPHA.multiply(Exact.exp(x), MC), MC);
      case GELU -> {
        BigDecimal phi = Exact.erfc(x.negate().divide(TWO.sqrt(MC), MC)).multiply(HALF);
        BigDecimal density =
            Exact.exp(x.multiply(x, MC).multiply(HALF).negate())
                .divide(Exact.PI.multiply(TWO).sqrt(MC), MC);
        yield phi.add(x.multiply(density, MC), MC);
      }
      case GELU_TANH -> {
        BigDecimal v = geluTanhArgument(x);
        BigDecimal inner =
            ONE.add(new BigDecimal("0.134145").multiply(x.multiply(x, MC), MC))
                .multiply(TWO.multiply(TWO).divide(Exact.PI.multiply(HALF), MC).sqrt(MC), MC);
        BigDecimal rest = x.multiply(inner, MC).multiply(Exact.sigmoid(v.negate()), MC);
        yield Exact.sigmoid(v).multiply(ONE.add(rest), MC);
      }
      case SILU ->
          Exact.sigmoid(x).multiply(ONE.add(x.multiply(Exact.sigmoid(x.negate()), MC)), MC);
      case MISH -> {
        // 1 - tanh(s) = 2 / (1 + e^(2 s)) for s = softplus(x), e^s = 1 + e^x
        BigDecimal root = ONE.add(Exact.exp(x));
        BigDecimal low = TWO.divide(ONE.add(root.multiply(root, MC)), MC);
        BigDecimal tanh = Exact.tanh(Exact.softplus(x));
        BigDecimal square = low.multiply(ONE.add(tanh), MC);
        yield tanh.add(x.multiply(Exact.sigmoid(x), MC).multiply(square, MC), MC);
      }
      case SIGMOID -> x.multiply(ONE.subtract(x), MC);
      case LOG_SIGMOID -> Exact.sigmoid(x.negate());
      case TANH -> ONE.subtract(x.multiply(x));
      case SOFTPLUS -> a.multiply(x).compareTo(b) > 0 ? ONE : Exact.sigmoid(a.multiply(x));
      case SOFTSIGN -> ONE.divide(ONE.add(x.abs()).pow(2, MC), MC);
      case HARDSIGMOID -> isWithinThree(x) ? ONE.divide(big(6), MC) : BigDecimal.ZERO;
      case HARDSWISH ->
          isWithinThree(x) ? x.divide(big(3), MC).add(HALF) : above ? ONE : BigDecimal.ZERO;
    };
  }

  private static boolean isWithinThree(BigDecimal x) {
    return x.abs().compareTo(big(3)) < 0;
  }

  private static BigDecimal gaussian(BigDecimal x) {
    return Exact.exp(x.multiply(x, MC).negate());
  }

  private static BigDecimal geluTanhArgument(BigDecimal x) {
    BigDecimal cubic = x.add(new BigDecimal("0.044715").multiply(x.pow(3, MC)), MC);
    return TWO.divide(Exact.PI, MC).sqrt(MC).multiply(cubic, MC).multiply(TWO);
  }

  private static BigDecimal at(UnaryOp op, BigDecimal x, BigDecimal a, BigDecimal b) {
    boolean above = x.signum() > 0;
    return switch (op) {
      case ABS -> x.abs();
      case NEG -> x.negate();
      case SIGN -> big(x.signum());
      case FLOOR -> x.setScale(0, java.math.RoundingMode.FLOOR);
      case CEIL -> x.setScale(0, java.math.RoundingMode.CEILING);
      case ROUND -> x.setScale(0, java.math.RoundingMode.HALF_EVEN);
      case SQUARE -> x.multiply(x, MC);
      case SQRT -> x.sqrt(MC);
      case RSQRT -> ONE.divide(x.sqrt(MC), MC);
      case RECIPROCAL -> ONE.divide(x, MC);
      case EXP -> Exact.exp(x);
      case EXPM1 -> Exact.expm1(x);
      case LOG -> Exact.log(x);
      case LOG1P -> Exact.log1p(x);
      case SIN -> Exact.sin(x);
      case COS -> Exact.cos(x);
      case ERF -> Exact.erf(x);
      case AFFINE -> a.multiply(x).add(b, MC);
      case POW -> Exact.exp(a.multiply(Exact.log(x), MC));
      case CLAMP, HARDTANH -> x.max(a).min(b);
      case RELU -> x.max(BigDecimal.ZERO);
      case LEAKY_RELU -> above ? x : a.multiply(x, MC);
      case ELU -> above ? x : a.multiply(Exact.expm1(x), MC);
      case CELU -> above ? x : a.multiply(Exact.expm1(x.divide(a, MC)), MC);
      case SELU -> SELU_SCALE.multiply(above ? x : SELU_ALPHA.multiply(Exact.expm1(x), MC), MC);
      case GELU -> {
        BigDecimal z = x.negate().divide(TWO.sqrt(MC), MC);
        yield x.multiply(HALF).multiply(Exact.erfc(z), MC);
      }
      case GELU_TANH -> x.multiply(Exact.sigmoid(geluTanhArgument(x)), MC); // x (1 + tanh u) / 2
      case SILU -> x.multiply(Exact.sigmoid(x), MC);
      case MISH -> x.multiply(Exact.tanh(Exact.softplus(x)), MC);
      case SIGMOID -> Exact.sigmoid(x);
      case LOG_SIGMOID -> Exact.softplus(x.negate()).negate();
      case TANH -> Exact.tanh(x);
      case SOFTPLUS -> {
        BigDecimal z = a.multiply(x);
        yield z.compareTo(b) > 0 ? x : Exact.softplus(z).divide(a, MC);
      }
      case SOFTSIGN -> x.divide(ONE.add(x.abs()), MC);
      case HARDSIGMOID -> hardsigmoid(x);
      case HARDSWISH -> x.multiply(hardsigmoid(x), MC);
    };
  }

  private static BigDecimal hardsigmoid(BigDecimal x) {
    return x.add(big(3)).max(BigDecimal.ZERO).min(big(6)).divide(big(6), MC);
  }
}
