package dev.kiln.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.MathOp;
import dev.kiln.backend.View;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rarer functions at published values (Abramowitz and Stegun, DLMF) and at their edges. */
class FunctionsTest {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  static Stream<Views> devices() {
    return Stream.of(Views.oracle(), new Views(new VectorBackend()));
  }

  private static double f(MathOp op, double x, double a) {
    return Functions.of(op).at(x, a);
  }

  private static void near(MathOp op, double x, double want, int ulps) {
    near(op, x, 0, want, ulps);
  }

  private static void near(MathOp op, double x, double a, double want, int ulps) {
    double got = f(op, x, a);
    assertThat(Math.abs(got - want))
        .as("%s(%s): got %s, want %s", op, x, got, want)
        .isLessThanOrEqualTo(ulps * Math.ulp(want));
  }

  private static void is(MathOp op, double x, double want) {
    assertThat(Double.valueOf(f(op, x, 0))).as("%s(%s)", op, x).isEqualTo(Double.valueOf(want));
  }

  @Test
  void circularAndHyperbolic() {
    near(MathOp.TAN, 0.5, 0.54630248984379051326, 2);
    near(MathOp.ASIN, 0.5, 0.52359877559829887308, 2);
    near(MathOp.ACOS, 0.5, 1.04719755119659774615, 2);
    near(MathOp.ATAN, 2, 1.10714871779409050302, 2);
    near(MathOp.SINH, 1, 1.17520119364380145688, 2);
    near(MathOp.COSH, 1, 1.54308063481524377848, 2);
    near(MathOp.ASINH, 1, 0.88137358701954302523, 2);
    near(MathOp.ASINH, 1e-10, 1e-10, 2);
    near(MathOp.ASINH, -1e300, -691.46867507877365057, 2);
    near(MathOp.ACOSH, 2, 1.31695789692481670863, 2);
    near(MathOp.ACOSH, 1e300, 691.46867507877365057, 2);
    near(MathOp.ATANH, 0.5, 0.54930614433405484570, 2);
    near(MathOp.ATANH, -0.9, -1.47221948958322034687, 3);
    is(MathOp.ACOSH, 1, 0);
    is(MathOp.ACOSH, 0.5, NAN);
    is(MathOp.ACOSH, -2, NAN);
    is(MathOp.ACOSH, -1e20, NAN);
    is(MathOp.ACOSH, -3e300, NAN);
    is(MathOp.ATANH, 1, INF);
    is(MathOp.ATANH, -1, -INF);
    is(MathOp.ATANH, 1.5, NAN);
    is(MathOp.ASINH, -0.0, -0.0);
    is(MathOp.ASINH, INF, INF);
    is(MathOp.ASIN, 1.5, NAN);
  }

  @Test
  void logarithmsAndPowers() {
    for (int e = -1074; e <= 1023; e++) {
      is(MathOp.LOG2, Math.scalb(1.0, e), e);
      is(MathOp.EXP2, e, Math.scalb(1.0, e));
    }
    near(MathOp.LOG2, 10, 3.32192809488736234787, 1);
    near(MathOp.LOG2, 0.999, -0.0014434168696687186746, 2);
    near(MathOp.EXP2, 0.5, 1.41421356237309504880, 1);
    near(MathOp.LOG10, 2, 0.30102999566398119521, 1);
    is(MathOp.LOG10, 1000, 3);
    is(MathOp.LOG2, 0, -INF);
    is(MathOp.LOG2, -1, NAN);
    is(MathOp.LOG2, INF, INF);
  }

  @Test
  void errorFunctions() {
    near(MathOp.ERFC, 0.5, 0.47950012218695346232, 2);
    near(MathOp.ERFC, 2, 0.0046777349810472658379, 4);
    near(MathOp.ERFC, 10, 2.0884875837625447570e-45, 8);
    near(MathOp.ERFINV, 0.5, 0.47693627620446987338, 4);
    near(MathOp.ERFINV, -0.9, -1.1630871536766741628, 4);
    near(MathOp.ERFINV, 1e-10, 8.8622692545275804594e-11, 4);
    is(MathOp.ERFINV, 1, INF);
    is(MathOp.ERFINV, -1, -INF);
    is(MathOp.ERFINV, 1.01, NAN);
    is(MathOp.ERFINV, 0, 0);
    for (double y = 0.02; y < 5; y += 0.13) {
      double x = Erf.erf(y);
      if (1 - x > 1e-9) {
        double slope = 2 / Math.sqrt(Math.PI) * Math.exp(-y * y);
        assertThat(Math.abs(f(MathOp.ERFINV, x, 0) - y))
            .as("erfinv(erf(%s))", y)
            .isLessThanOrEqualTo(4 * Math.ulp(y) + 2 * Math.ulp(x) / slope);
      }
    }
  }

  @Test
  void gammaAndItsDerivatives() {
    is(MathOp.LGAMMA, 1, 0);
    is(MathOp.LGAMMA, 2, 0);
    double factorial = 1;
    for (int n = 3; n <= 22; n++) {
      factorial *= n - 1;
      near(MathOp.LGAMMA, n, Math.log(factorial), 3);
    }
    near(MathOp.LGAMMA, 0.5, 0.57236494292470008707, 3);
    near(MathOp.LGAMMA, -0.5, 1.26551212348464539649, 4);
    near(MathOp.LGAMMA, 100, 359.13420536957539878, 2);
    near(MathOp.LGAMMA, 1e-5, 11.512919692895825707, 2);
    near(MathOp.LGAMMA, 1 + 0x1p-20, -5.5047500661488667909e-7, 4);
    is(MathOp.LGAMMA, 0, INF);
    is(MathOp.LGAMMA, -3, INF);
    near(MathOp.DIGAMMA, 1, -0.57721566490153286061, 8);
    near(MathOp.DIGAMMA, 0.5, -1.96351002602142347944, 4);
    near(MathOp.DIGAMMA, 10, 2.25175258906672110764, 4);
    near(MathOp.DIGAMMA, -0.5, 0.03648997397857652056, 64);
    is(MathOp.DIGAMMA, 0, -INF);
    is(MathOp.DIGAMMA, -2, NAN);
    near(MathOp.POLYGAMMA, 1, 1, 1.64493406684822643647, 4);
    near(MathOp.POLYGAMMA, 0.5, 1, 4.93480220054467930942, 4);
    near(MathOp.POLYGAMMA, 1, 2, -2.40411380631918857080, 4);
    near(MathOp.POLYGAMMA, 1, 3, 6.49393940226682914910, 4);
    near(MathOp.POLYGAMMA, -0.5, 1, 8.93480220054467930942, 4);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void everyFunctionIsRightToTheLastDigitsOfAFloat(Views on) {
    double[] x = Views.random(3, 1001);
    for (MathOp op : MathOp.values()) {
      for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.FLOAT16}) {
        View in = on.of(t, x, 1001);
        View out = on.empty(t, 1001);
        on.backend().math(op, out, in, 2);
        double[] got = Views.read(out);
        double[] from = Views.read(in);
        for (int i = 0; i < x.length; i++) {
          double want = f(op, from[i], 2);
          want = t == DType.FLOAT32 ? (float) want : want;
          if (t == DType.FLOAT16) {
            View rounded = on.of(t, new double[] {want}, 1);
            want = Views.read(rounded)[0];
          }
          assertThat(Double.valueOf(got[i]))
              .as("%s %s at %s", op, t, from[i])
              .isEqualTo(Double.valueOf(want));
        }
      }
    }
  }

  private static double[] pair(Views on, BinaryOp op, DType t, double a, double b) {
    View out = on.empty(t, 1);
    on.backend().binary(op, out, on.of(t, new double[] {a}, 1), on.of(t, new double[] {b}, 1));
    return Views.read(out);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void quotientsHavePythonsSigns(Views on) {
    for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.INT32, DType.INT64}) {
      double[][] cases = {{7, 2}, {-7, 2}, {7, -2}, {-7, -2}, {6, 3}, {-6, 3}, {0, 5}};
      double[] floor = {3, -4, -4, 3, 2, -2, 0};
      double[] rest = {1, 1, -1, -1, 0, 0, 0};
      double[] fmod = {1, -1, 1, -1, 0, 0, 0};
      for (int i = 0; i < cases.length; i++) {
        double a = cases[i][0];
        double b = cases[i][1];
        assertThat(pair(on, BinaryOp.FLOOR_DIV, t, a, b)[0] + 0.0).isEqualTo(floor[i]);
        assertThat(pair(on, BinaryOp.REMAINDER, t, a, b)[0] + 0.0).isEqualTo(rest[i]);
        assertThat(pair(on, BinaryOp.FMOD, t, a, b)[0] + 0.0).isEqualTo(fmod[i]);
      }
    }
    assertThat(pair(on, BinaryOp.FLOOR_DIV, DType.FLOAT32, 1, 0)).containsExactly(INF);
    assertThat(pair(on, BinaryOp.REMAINDER, DType.FLOAT32, 1, 0)).containsExactly(NAN);
    // 1 / 0.1 rounds to 10, but 0.1 is a little more than a tenth.
    assertThat(pair(on, BinaryOp.FLOOR_DIV, DType.FLOAT64, 1, 0.1)).containsExactly(9);
    assertThat(pair(on, BinaryOp.HYPOT, DType.FLOAT32, 3e30, 4e30)[0]).isEqualTo((float) 5e30);
    assertThat(pair(on, BinaryOp.ATAN2, DType.FLOAT64, -0.0, -1)).containsExactly(-Math.PI);
    View longs = on.empty(DType.INT64, 1);
    on.backend().binary(BinaryOp.DIV, longs, on.longs(Long.MAX_VALUE), on.longs(-1));
    assertThat(CpuStorage.of(longs).getLong(0)).isEqualTo(-Long.MAX_VALUE);
    org.assertj.core.api.Assertions.assertThatThrownBy(
            () -> on.backend().binary(BinaryOp.REMAINDER, longs, on.longs(1), on.longs(0)))
        .hasMessageContaining("divided by 0");
  }

  @ParameterizedTest
  @MethodSource("devices")
  void bits(Views on) {
    assertThat(pair(on, BinaryOp.BIT_AND, DType.INT32, -2, 7)).containsExactly(6);
    assertThat(pair(on, BinaryOp.BIT_OR, DType.UINT8, 192, 7)).containsExactly(199);
    assertThat(pair(on, BinaryOp.BIT_XOR, DType.BOOL, 1, 1)).containsExactly(0);
    assertThat(pair(on, BinaryOp.SHIFT_LEFT, DType.UINT8, 129, 1)).containsExactly(2);
    assertThat(pair(on, BinaryOp.SHIFT_LEFT, DType.INT32, 1, 31))
        .containsExactly(Integer.MIN_VALUE);
    assertThat(pair(on, BinaryOp.SHIFT_LEFT, DType.INT32, 1, 32)).containsExactly(0);
    assertThat(pair(on, BinaryOp.SHIFT_LEFT, DType.INT64, 1, -1)).containsExactly(0);
    assertThat(pair(on, BinaryOp.SHIFT_RIGHT, DType.INT32, -8, 1)).containsExactly(-4);
    assertThat(pair(on, BinaryOp.SHIFT_RIGHT, DType.INT32, -8, 99)).containsExactly(-1);
  }
}
