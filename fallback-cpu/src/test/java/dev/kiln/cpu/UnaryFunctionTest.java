package dev.kiln.cpu;

import static java.lang.Double.NEGATIVE_INFINITY;
import static java.lang.Double.NaN;
import static java.lang.Double.POSITIVE_INFINITY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.backend.UnaryOp;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The functions of the oracle: gradients by differences, values at kinks and at the far ends. */
class UnaryFunctionTest {
  /** The parameters a and b of the ops that have some. */
  private static final Map<UnaryOp, double[]> PARAMETERS = new EnumMap<>(UnaryOp.class);

  static {
    PARAMETERS.put(UnaryOp.AFFINE, new double[] {-1.5, 0.25});
    PARAMETERS.put(UnaryOp.POW, new double[] {2.5, 0});
    PARAMETERS.put(UnaryOp.CLAMP, new double[] {-0.5, 0.75});
    PARAMETERS.put(UnaryOp.LEAKY_RELU, new double[] {0.1, 0});
    PARAMETERS.put(UnaryOp.ELU, new double[] {1.3, 0});
    PARAMETERS.put(UnaryOp.CELU, new double[] {0.7, 0});
    PARAMETERS.put(UnaryOp.SOFTPLUS, new double[] {1.5, 20});
    PARAMETERS.put(UnaryOp.HARDTANH, new double[] {-0.5, 0.75});
  }

  private static double f(UnaryOp op, double x) {
    double[] p = PARAMETERS.getOrDefault(op, new double[2]);
    return UnaryFunction.of(op).forward().at(x, p[0], p[1]);
  }

  private static double gradient(UnaryOp op, double dy, double x) {
    double[] p = PARAMETERS.getOrDefault(op, new double[2]);
    double saved =
        switch (op.saves()) {
          case X -> x;
          case Y -> f(op, x);
          case NOTHING -> dy;
        };
    return UnaryFunction.of(op).gradient().at(dy, saved, p[0], p[1]);
  }

  private static boolean isDefined(UnaryOp op, double x) {
    return switch (op) {
      case SQRT, RSQRT, LOG, POW -> x > 0;
      case LOG1P -> x > -1;
      default -> true;
    };
  }

  @ParameterizedTest
  @EnumSource(UnaryOp.class)
  void gradientIsTheLimitOfDifferences(UnaryOp op) {
    double h = 1e-5;
    for (double x : new double[] {-4.3, -2.1, -0.9, -0.31, 0.23, 0.6, 1.7, 3.4, 6.2}) {
      if (isDefined(op, x)) {
        double want = 3 * (f(op, x + h) - f(op, x - h)) / (2 * h);
        assertThat(gradient(op, 3, x))
            .as("%s at %s", op, x)
            .isCloseTo(want, within(2e-7 * (1 + Math.abs(want) + Math.abs(f(op, x)))));
      }
    }
  }

  private static void value(UnaryOp op, double x, double want) {
    double got = f(op, x);
    if (Double.isNaN(want)) {
      assertThat(got).as("%s(%s)", op, x).isNaN();
    } else if (Double.isInfinite(want) || want == 0) {
      assertThat(got + 0.0).as("%s(%s)", op, x).isEqualTo(want);
    } else {
      assertThat(got).as("%s(%s)", op, x).isCloseTo(want, within(1e-13 * Math.abs(want)));
    }
  }

  @Test
  void valuesFromDefinitions() {
    double e = Math.E;
    value(UnaryOp.ROUND, 2.5, 2);
    value(UnaryOp.ROUND, -3.5, -4);
    value(UnaryOp.FLOOR, -0.5, -1);
    value(UnaryOp.CEIL, 0.2, 1);
    value(UnaryOp.SQRT, -1, NaN);
    value(UnaryOp.RSQRT, 4, 0.5);
    value(UnaryOp.RECIPROCAL, 0, POSITIVE_INFINITY);
    value(UnaryOp.EXP, 1, e);
    value(UnaryOp.EXPM1, 1e-10, 1.00000000005e-10);
    value(UnaryOp.LOG1P, 1e-10, 9.9999999995e-11);
    value(UnaryOp.LOG, 0, NEGATIVE_INFINITY);
    value(UnaryOp.AFFINE, 2, -2.75);
    value(UnaryOp.POW, 4, 32);
    value(UnaryOp.CLAMP, -2, -0.5);
    value(UnaryOp.CLAMP, 2, 0.75);
    value(UnaryOp.LEAKY_RELU, -2, -0.2);
    value(UnaryOp.ELU, -1, 1.3 * (1 / e - 1));
    value(UnaryOp.CELU, -0.7, 0.7 * (1 / e - 1));
    value(UnaryOp.SELU, 1, 1.0507009873554805);
    value(UnaryOp.SELU, -1, 1.0507009873554805 * 1.6732632423543772 * (1 / e - 1));
    value(UnaryOp.GELU, 1, 0.5 * (1 + 0.6826894921370859));
    value(UnaryOp.GELU_TANH, 1, 0.5 * (1 + StrictMath.tanh(Math.sqrt(2 / Math.PI) * 1.044715)));
    value(UnaryOp.SIGMOID, 1, e / (1 + e));
    value(UnaryOp.SILU, 1, e / (1 + e));
    value(UnaryOp.MISH, 1, StrictMath.tanh(StrictMath.log(1 + e)));
    value(UnaryOp.LOG_SIGMOID, -1, -1 - StrictMath.log(1 + 1 / e));
    value(UnaryOp.SOFTPLUS, 1, StrictMath.log(1 + StrictMath.exp(1.5)) / 1.5);
    value(UnaryOp.SOFTSIGN, -3, -0.75);
    value(UnaryOp.HARDSIGMOID, 1, 4.0 / 6);
    value(UnaryOp.HARDSIGMOID, -4, 0);
    value(UnaryOp.HARDSWISH, 1, 4.0 / 6);
    value(UnaryOp.HARDSWISH, 4, 4);
  }

  @Test
  void farEndsNeitherOverflowNorLoseDigits() {
    value(UnaryOp.SIGMOID, -700, StrictMath.exp(-700));
    value(UnaryOp.SIGMOID, 800, 1);
    value(UnaryOp.SIGMOID, -800, 0);
    value(UnaryOp.LOG_SIGMOID, -800, -800);
    value(UnaryOp.LOG_SIGMOID, 700, -StrictMath.exp(-700));
    value(UnaryOp.SOFTPLUS, 800, 800);
    value(UnaryOp.SOFTPLUS, -400, StrictMath.exp(-600) / 1.5);
    value(UnaryOp.SILU, -700, -700 * StrictMath.exp(-700));
    value(UnaryOp.SILU, 800, 800);
    value(UnaryOp.MISH, -700, -700 * StrictMath.exp(-700));
    value(UnaryOp.MISH, 800, 800);
    value(UnaryOp.GELU, -40, 0);
    value(UnaryOp.GELU, 40, 40);
    value(UnaryOp.TANH, 800, 1);
    value(UnaryOp.ELU, -800, -1.3);
    UnaryOp[] smooth = {
      UnaryOp.SIGMOID,
      UnaryOp.LOG_SIGMOID,
      UnaryOp.SOFTPLUS,
      UnaryOp.SILU,
      UnaryOp.MISH,
      UnaryOp.GELU,
      UnaryOp.GELU_TANH,
      UnaryOp.TANH,
      UnaryOp.ELU,
      UnaryOp.SELU,
      UnaryOp.CELU,
      UnaryOp.SOFTSIGN
    };
    for (UnaryOp op : smooth) {
      for (double x : new double[] {-1e30, -800, 800, 1e30}) {
        assertThat(gradient(op, 1, x)).as("%s'(%s)", op, x).isFinite();
      }
    }
  }

  @Test
  void gradientsAtKinks() {
    assertThat(gradient(UnaryOp.ABS, 1, 0)).isZero();
    assertThat(gradient(UnaryOp.RELU, 1, 0)).isZero();
    assertThat(gradient(UnaryOp.RELU, POSITIVE_INFINITY, -1)).isZero();
    assertThat(gradient(UnaryOp.LEAKY_RELU, 1, 0)).isEqualTo(0.1);
    assertThat(gradient(UnaryOp.ELU, 1, 0)).isEqualTo(1.3);
    assertThat(gradient(UnaryOp.CELU, 1, 0)).isEqualTo(1);
    assertThat(gradient(UnaryOp.CLAMP, 1, -0.5)).isEqualTo(1);
    assertThat(gradient(UnaryOp.CLAMP, 1, 0.75)).isEqualTo(1);
    assertThat(gradient(UnaryOp.HARDTANH, 1, -0.5)).isZero();
    assertThat(gradient(UnaryOp.HARDTANH, 1, 0.75)).isZero();
    assertThat(gradient(UnaryOp.HARDSIGMOID, 1, 3)).isZero();
    assertThat(gradient(UnaryOp.HARDSIGMOID, 1, -3)).isZero();
    assertThat(gradient(UnaryOp.HARDSWISH, 1, -3)).isZero();
    assertThat(gradient(UnaryOp.HARDSWISH, 1, 3)).isEqualTo(1);
    assertThat(UnaryFunction.of(UnaryOp.POW).gradient().at(5, 0, 0, 0)).isZero();
  }

  @ParameterizedTest
  @EnumSource(UnaryOp.class)
  void nanStaysNan(UnaryOp op) {
    if (op == UnaryOp.SIGN) {
      assertThat(f(op, NaN)).isZero(); // as PyTorch
    } else {
      assertThat(f(op, NaN)).isNaN();
    }
  }
}
