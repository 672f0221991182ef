package dev.kiln.cpu;

import static dev.kiln.cpu.Views.read;

import dev.kiln.DType;
import dev.kiln.backend.OptimizerKind;
import dev.kiln.backend.View;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The optimizers against PyTorch's documented algorithms, written for one parameter. */
class FusedOptimizerTest {
  static Stream<FusedCase> cases() {
    return FusedCase.all().filter(k -> k.type().bytes() >= 4);
  }

  /** One step of one parameter: the new parameter, with the state changed in place. */
  private interface Rule {
    double step(double p, double g, double[] state, double[] h);
  }

  private static double sgd(double p, double grad, double[] s, double[] h) {
    double g = grad + h[5] * p;
    if (h[3] == 0) {
      return p - h[0] * g;
    }
    s[0] = h[1] == 1 ? g : h[3] * s[0] + (1 - h[4]) * g;
    return p - h[0] * (h[6] != 0 ? g + h[3] * s[0] : s[0]);
  }

  private static double adagrad(double p, double grad, double[] s, double[] h) {
    double g = grad + h[4] * p;
    s[0] += g * g;
    return p - h[0] / (1 + (h[1] - 1) * h[3]) * g / (Math.sqrt(s[0]) + h[5]);
  }

  private static double adam(double p, double g, double[] s, double[] h) {
    s[0] = h[3] * s[0] + (1 - h[3]) * g;
    s[1] = h[4] * s[1] + (1 - h[4]) * g * g;
    s[2] = Math.max(s[2], s[1]);
    double mean = s[0] / (1 - Math.pow(h[3], h[1]));
    double square = (h[7] != 0 ? s[2] : s[1]) / (1 - Math.pow(h[4], h[1]));
    return p - h[0] * mean / (Math.sqrt(square) + h[5]);
  }

  private static double rmsprop(double p, double grad, double[] s, double[] h) {
    double g = grad + h[5] * p;
    s[0] = h[3] * s[0] + (1 - h[3]) * g * g;
    s[2] = h[3] * s[2] + (1 - h[3]) * g;
    double variance = s[0] - (h[7] != 0 ? s[2] * s[2] : 0);
    double direction = g / (Math.sqrt(variance) + h[4]);
    s[1] = h[6] * s[1] + direction;
    return p - h[0] * (h[6] != 0 ? s[1] : direction);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void followsThePublishedRules(FusedCase k) {
    for (int n : new int[] {0, 1, 7, 33, 1000}) {
      check(k, n, OptimizerKind.SGD, FusedOptimizerTest::sgd, 0, 0, 0.01, 0);
      check(k, n, OptimizerKind.SGD, FusedOptimizerTest::sgd, 0.9, 0.1, 0.01, 0);
      check(k, n, OptimizerKind.SGD, FusedOptimizerTest::sgd, 0.9, 0, 0.01, 1);
      check(k, n, OptimizerKind.ADAGRAD, FusedOptimizerTest::adagrad, 0.1, 0.01, 1e-8);
      Rule adam = (p, g, s, h) -> adam(p, g + h[6] * p, s, h);
      check(k, n, OptimizerKind.ADAM, adam, 0.9, 0.99, 1e-6, 0.02, 0);
      check(k, n, OptimizerKind.ADAM, adam, 0.8, 0.9, 1e-6, 0, 1);
      Rule adamw = (p, g, s, h) -> adam(p * (1 - h[0] * h[6]), g, s, h);
      check(k, n, OptimizerKind.ADAMW, adamw, 0.9, 0.99, 1e-6, 0.5, 0);
      check(k, n, OptimizerKind.ADAMW, adamw, 0.8, 0.9, 1e-6, 0.5, 1);
      check(k, n, OptimizerKind.RMSPROP, FusedOptimizerTest::rmsprop, 0.9, 1e-3, 0.01, 0, 0);
      check(k, n, OptimizerKind.RMSPROP, FusedOptimizerTest::rmsprop, 0.9, 1e-3, 0.01, 0.8, 1);
    }
  }

  /** Whether the settings use a state, by the rules of {@link OptimizerKind}. */
  private static boolean uses(OptimizerKind kind, int state, double[] h) {
    return switch (kind) {
      case SGD -> h[3] != 0;
      case ADAGRAD -> true;
      case ADAM, ADAMW -> state < 2 || h[7] != 0;
      case RMSPROP -> state == 0 || (state == 1 ? h[6] != 0 : h[7] != 0);
    };
  }

  private static void check(FusedCase k, int n, OptimizerKind kind, Rule rule, double... settings) {
    double[] h = new double[settings.length + OptimizerKind.FIRST_SETTING];
    h[OptimizerKind.LR] = 0.05;
    System.arraycopy(settings, 0, h, OptimizerKind.FIRST_SETTING, settings.length);
    View param = k.random(1, n);
    double[] p = read(param);
    double[][] s = new double[n][3];
    View[] state = new View[kind.states()];
    for (int i = 0; i < state.length; i++) {
      state[i] = uses(kind, i, h) ? k.of(new double[n], n) : k.of(new double[0], 0);
    }
    double[] scales = {1, 1, 0.25, -1, 1};
    for (int step = 1; step <= 5; step++) {
      h[OptimizerKind.STEP] = step;
      h[OptimizerKind.GRAD_SCALE] = scales[step - 1];
      View grad = k.random(10 + step, n);
      double[] g = read(grad);
      for (int i = 0; i < n; i++) {
        p[i] = rule.step(p[i], scales[step - 1] * g[i], s[i], h);
      }
      View hyper = k.on().of(DType.FLOAT64, h, h.length);
      k.ops().optimizerStep(kind, param, grad, List.of(state), hyper);
      Views.assertClose(k + " " + kind + " step " + step, param, p, 8 * Views.tolerance(k.type()));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aScaleOfNothingLeavesAllAsItWas(FusedCase k) {
    double nan = Double.NaN;
    for (OptimizerKind kind : OptimizerKind.values()) {
      double[] h = new double[8];
      Arrays.fill(h, 0.5);
      h[OptimizerKind.GRAD_SCALE] = 0;
      View param = k.of(new double[] {1, 2, 3}, 3);
      View[] state = new View[kind.states()];
      for (int i = 0; i < state.length; i++) {
        state[i] = k.of(new double[] {0.25, 0.5, 4}, 3);
      }
      View grad = k.of(new double[] {nan, Double.POSITIVE_INFINITY, 1}, 3);
      View hyper = k.on().of(DType.FLOAT64, h, h.length);
      k.ops().optimizerStep(kind, param, grad, List.of(state), hyper);
      Views.assertClose(k + " " + kind, param, new double[] {1, 2, 3}, 0);
      for (View s : state) {
        Views.assertClose(k + " " + kind + " state", s, new double[] {0.25, 0.5, 4}, 0);
      }
    }
  }
}
