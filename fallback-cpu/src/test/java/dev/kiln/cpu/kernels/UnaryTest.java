package dev.kiln.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.backend.UnaryOp;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class UnaryTest {
  private static final float NAN = Float.NaN;
  private static final float INF = Float.POSITIVE_INFINITY;
  private static final float P = 0.75f;
  private static final float Q = 1.5f;

  static List<Kernels> sets() {
    return KernelSets.all();
  }

  /** Phi(x) by Simpson's rule on the density, from the nearer side. */
  private static double normal(double x) {
    double a = Math.abs(x);
    int n = 4000;
    double end = a + 10;
    double h = (end - a) / n;
    double sum = density(a) + density(end);
    for (int i = 1; i < n; i++) {
      sum += density(a + i * h) * (i % 2 == 0 ? 2 : 4);
    }
    double tail = sum * h / 3;
    return x > 0 ? 1 - tail : tail;
  }

  private static double density(double x) {
    return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }

  private static double sigmoid(double x) {
    return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  private static final Map<UnaryOp, DoubleUnaryOperator> EXACT = new EnumMap<>(UnaryOp.class);

  static {
    EXACT.put(UnaryOp.EXP, Math::exp);
    EXACT.put(UnaryOp.LOG, Math::log);
    EXACT.put(UnaryOp.SIGMOID, UnaryTest::sigmoid);
    EXACT.put(UnaryOp.TANH, Math::tanh);
    EXACT.put(UnaryOp.SILU, x -> x * sigmoid(x));
    EXACT.put(UnaryOp.GELU, x -> x * normal(x));
    EXACT.put(
        UnaryOp.GELU_TANH,
        x -> x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    EXACT.put(UnaryOp.SOFTPLUS, x -> P * x > Q ? x : softplus((double) P * x) / P);
    EXACT.put(UnaryOp.ELU, x -> x > 0 ? x : P * Math.expm1(x));
    EXACT.put(UnaryOp.CELU, x -> x > 0 ? x : P * Math.expm1(x / P));
    EXACT.put(
        UnaryOp.SELU, x -> 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)));
    EXACT.put(UnaryOp.MISH, x -> x * Math.tanh(softplus(x)));
    EXACT.put(UnaryOp.LOG_SIGMOID, x -> -softplus(-x));
    EXACT.put(
        UnaryOp.ERF, x -> Math.abs(x) < 0.3 ? erfSeries(x) : 2 * normal(x * Math.sqrt(2)) - 1);
    EXACT.put(UnaryOp.RSQRT, x -> 1 / Math.sqrt(x));
    EXACT.put(UnaryOp.SQRT, Math::sqrt);
    EXACT.put(UnaryOp.RELU, x -> Math.max(x, 0));
    EXACT.put(UnaryOp.LEAKY_RELU, x -> x > 0 ? x : P * x);
    EXACT.put(UnaryOp.CLAMP, x -> Math.min(Math.max(x, P), Q));
    EXACT.put(UnaryOp.HARDTANH, x -> Math.min(Math.max(x, P), Q));
    EXACT.put(UnaryOp.AFFINE, x -> (double) P * x + Q);
    EXACT.put(UnaryOp.POW, x -> Math.pow(x, P));
    EXACT.put(UnaryOp.ABS, Math::abs);
    EXACT.put(UnaryOp.SQUARE, x -> x * x);
    EXACT.put(UnaryOp.RECIPROCAL, x -> 1 / x);
    EXACT.put(UnaryOp.SOFTSIGN, x -> x / (1 + Math.abs(x)));
    EXACT.put(UnaryOp.HARDSIGMOID, x -> Math.min(Math.max(x + 3, 0), 6) / 6);
    EXACT.put(UnaryOp.HARDSWISH, x -> x * Math.min(Math.max(x + 3, 0), 6) / 6);
    EXACT.put(UnaryOp.EXPM1, Math::expm1);
    EXACT.put(UnaryOp.LOG1P, Math::log1p);
    EXACT.put(UnaryOp.SIN, Math::sin);
    EXACT.put(UnaryOp.COS, Math::cos);
    EXACT.put(UnaryOp.NEG, x -> -x);
    EXACT.put(UnaryOp.SIGN, Math::signum);
    EXACT.put(UnaryOp.FLOOR, Math::floor);
    EXACT.put(UnaryOp.CEIL, Math::ceil);
    EXACT.put(UnaryOp.ROUND, Math::rint);
  }

  private static double erfSeries(double x) {
    double x2 = x * x;
    return 2
        / Math.sqrt(Math.PI)
        * x
        * (1
            - x2 / 3
            + x2 * x2 / 10
            - x2 * x2 * x2 / 42
            + x2 * x2 * x2 * x2 / 216
            - Math.pow(x2, 5) / 1320
            + Math.pow(x2, 6) / 9360
            - Math.pow(x2, 7) / 75600);
  }

  private static float[] inputs(UnaryOp op) {
    List<Float> x = new ArrayList<>();
    Random r = new Random(5);
    boolean positive =
        op == UnaryOp.LOG || op == UnaryOp.RSQRT || op == UnaryOp.SQRT || op == UnaryOp.POW;
    int n = op == UnaryOp.GELU || op == UnaryOp.ERF ? 600 : 20_000;
    for (int i = 0; i < n; i++) {
      float wide = (r.nextFloat() * 2 - 1) * (op == UnaryOp.EXP ? 110 : 12);
      float tiny = (float) (r.nextGaussian() * Math.pow(2, -r.nextInt(30)));
      x.add(positive ? Math.abs(wide) + 1e-6f : wide);
      x.add(positive ? Math.abs(tiny) : tiny);
      if (op == UnaryOp.LOG) {
        x.add(Float.intBitsToFloat(r.nextInt(0x7f800000)));
      }
    }
    float[] y = new float[x.size()];
    for (int i = 0; i < y.length; i++) {
      y[i] = x.get(i);
    }
    return y;
  }

  /** How far a result may lie from the exact value, in ulps of the exact value. */
  private static double ulps(UnaryOp op) {
    switch (op) {
      case GELU_TANH:
        return 20; // its argument, a cubic, is rounded before e^ magnifies it
      case SOFTPLUS:
        return 12; // so is a x, and e^ magnifies that by |a x|
      case GELU:
      case MISH:
        return 8; // the lower tail magnifies the rounding of the argument
      case SILU:
      case LOG_SIGMOID:
      case HARDSWISH:
      case SIGMOID:
        return 3;
      default:
        return 2;
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void agreesWithDoubleFunctions(Kernels set) {
    for (Map.Entry<UnaryOp, DoubleUnaryOperator> e : EXACT.entrySet()) {
      UnaryOp op = e.getKey();
      float[] x = inputs(op);
      float[] y = new float[x.length];
      set.unary().apply(op, P, Q, x, 0, y, 0, x.length);
      double worst = 0;
      float at = 0;
      for (int i = 0; i < x.length; i++) {
        double want = e.getValue().applyAsDouble(x[i]);
        float near = (float) want;
        double error = near == y[i] ? 0 : Math.abs(y[i] - want) / Math.ulp(near);
        if (op == UnaryOp.AFFINE || op == UnaryOp.HARDSIGMOID || op == UnaryOp.HARDSWISH) {
          error = Math.min(error, Math.abs(y[i] - want) / 2e-6);
        }
        if (op == UnaryOp.GELU_TANH && Math.abs(want) < 1e-3) {
          error = Math.min(error, Math.abs(y[i] - want) / 1.25e-11);
        }
        if (op == UnaryOp.SIN || op == UnaryOp.COS) {
          error = Math.min(error, Math.abs(y[i] - want) / 1e-7);
        }
        if (!(error <= worst)) {
          worst = error;
          at = x[i];
        }
      }
      if (Boolean.getBoolean("kiln.test.print")) {
        System.out.printf("%s %s %.2f ulp at %s%n", set.name(), op, worst, at);
      }
      assertThat(worst)
          .as("ulps of " + op + " with " + set.name() + " at " + at)
          .isLessThanOrEqualTo(ulps(op));
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void gradientsAgreeWithDifferences(Kernels set) {
    for (Map.Entry<UnaryOp, DoubleUnaryOperator> e : EXACT.entrySet()) {
      UnaryOp op = e.getKey();
      if (op == UnaryOp.FLOOR || op == UnaryOp.CEIL || op == UnaryOp.ROUND || op == UnaryOp.SIGN) {
        continue;
      }
      boolean positive =
          op == UnaryOp.LOG
              || op == UnaryOp.RSQRT
              || op == UnaryOp.SQRT
              || op == UnaryOp.POW
              || op == UnaryOp.LOG1P;
      int n = 331;
      float[] x = new float[n];
      for (int i = 0; i < n; i++) {
        x[i] = positive ? 0.1f + i * 0.02f : (i - 165) * 0.0303f + 0.013f;
      }
      float[] y = new float[n];
      set.unary().apply(op, P, Q, x, 0, y, 0, n);
      float[] dy = Check.random(9, n);
      float[] saved = op.saves() == UnaryOp.Saves.Y ? y : x;
      float[] dx = new float[n];
      set.unary().gradient(op, P, Q, dy, 0, saved, 0, dx, 0, n);
      for (int i = 0; i < n; i++) {
        double h = 1e-4 * Math.max(1e-2, Math.abs(x[i]));
        double up = e.getValue().applyAsDouble(x[i] + h) - e.getValue().applyAsDouble(x[i]);
        double down = e.getValue().applyAsDouble(x[i]) - e.getValue().applyAsDouble(x[i] - h);
        if (Math.abs(up - down) > 1e-3 * (Math.abs(up) + Math.abs(down))
            && Math.abs(up - down) / h > 1e-2) {
          continue; // a kink
        }
        double want = dy[i] * (up + down) / (2 * h);
        assertThat((double) dx[i])
            .as(op + " gradient at " + x[i] + " with " + set.name())
            .isCloseTo(want, org.assertj.core.data.Offset.offset(2e-5 * (1 + Math.abs(want))));
      }
    }
  }

  /** The sign of 0 and of NaN counts as 0, and 0 times what is not finite is not a number. */
  @ParameterizedTest
  @MethodSource("sets")
  void aGradientThatIsNotFiniteShowsInThatOfAbs(Kernels set) {
    float[] x = {0f, NAN, -0f, 1f, -2f, 0f, 0f, 3f, -3f, 1f, 1f, 1f, 1f, 1f, 1f, 1f, 0f};
    float[] dy = {NAN, INF, 5f, NAN, -INF, -INF, 2f, 4f, 4f, 1f, 1f, 1f, 1f, 1f, 1f, 1f, NAN};
    float[] dx = new float[x.length];
    set.unary().gradient(UnaryOp.ABS, P, Q, dy, 0, x, 0, dx, 0, x.length);
    for (int i = 0; i < x.length; i++) {
      double sign = x[i] > 0 ? 1 : x[i] < 0 ? -1 : 0;
      Float want = (float) (dy[i] * sign) + 0f;
      assertThat((Float) (dx[i] + 0f)).as("%s at %s of %s", set, x[i], dy[i]).isEqualTo(want);
    }
  }

  @Test
  void handlesSpecialValues() {
    Map<UnaryOp, float[]> want = new EnumMap<>(UnaryOp.class);
    float[] x = {NAN, INF, -INF, 0f, 89f, -110f, 1e-40f, -1e-40f};
    want.put(UnaryOp.EXP, new float[] {NAN, INF, 0f, 1f, INF, 0f, 1f, 1f});
    want.put(UnaryOp.SIGMOID, new float[] {NAN, 1f, 0f, 0.5f, 1f, 0f, 0.5f, 0.5f});
    want.put(UnaryOp.TANH, new float[] {NAN, 1f, -1f, 0f, 1f, -1f, 1e-40f, -1e-40f});
    want.put(UnaryOp.ERF, new float[] {NAN, 1f, -1f, 0f, 1f, -1f, 1.1283788e-40f, -1.1283788e-40f});
    want.put(UnaryOp.RELU, new float[] {NAN, INF, 0f, 0f, 89f, 0f, 1e-40f, 0f});
    want.put(UnaryOp.LOG, new float[] {NAN, INF, NAN, -INF, 4.4886365f, NAN, -92.10340f, NAN});
    want.put(
        UnaryOp.SOFTPLUS,
        new float[] {NAN, INF, 0f, 0.92419624f, 89f, 1.9753496e-36f, 0.92419624f, 0.92419624f});
    want.put(UnaryOp.ELU, new float[] {NAN, INF, -0.75f, 0f, 89f, -0.75f, 1e-40f, -7.5e-41f});
    for (Kernels set : KernelSets.all()) {
      for (Map.Entry<UnaryOp, float[]> e : want.entrySet()) {
        float[] y = new float[x.length];
        set.unary().apply(e.getKey(), P, Q, x, 0, y, 0, x.length);
        for (int i = 0; i < x.length; i++) {
          float w = e.getValue()[i];
          String what = set.name() + " " + e.getKey() + "(" + x[i] + ")";
          if (Float.isNaN(w)) {
            assertThat(y[i]).as(what).isNaN();
          } else if (Float.isInfinite(w) || w == 0f) {
            assertThat(y[i] + 0f).as(what).isEqualTo(w);
          } else {
            assertThat(y[i])
                .as(what)
                .isCloseTo(w, org.assertj.core.data.Offset.offset(3 * Math.ulp(w)));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sets")
  void positionDecidesNothing(Kernels set) {
    float[] x = Check.random(3, 40);
    for (UnaryOp op : UnaryOp.values()) {
      float[] whole = new float[40];
      set.unary().apply(op, P, Q, x, 0, whole, 0, 40);
      for (int start = 0; start < 40; start += 7) {
        float[] part = new float[40];
        set.unary().apply(op, P, Q, x, start, part, start, 40 - start);
        for (int i = start; i < 40; i++) {
          assertThat(Float.floatToRawIntBits(part[i]))
              .as(op + " from " + start + " at " + i)
              .isEqualTo(Float.floatToRawIntBits(whole[i]));
        }
      }
    }
  }
}
