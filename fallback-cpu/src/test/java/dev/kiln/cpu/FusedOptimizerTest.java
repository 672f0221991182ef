package dev.kiln.cpu;

import static dev.kiln.cpu.Views.read;

import dev.kiln.DType;
import dev.kiln.backend.OptimizerKind;
import dev.kiln.backend.View;
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
    double g = grad + h[4] * p;
    if (h[2] == 0) {
      return p - h[0] * g;
    }
    s[0] = h[1] == 1 ? g : h[2] * s[0] + (1 - h[3]) * g;
    return p - h[0] * (h[5] != 0 ? g + h[2] * s[0] : s[0]);
  }

  private static double adagrad(double p, double grad, double[] s, double[] h) {
    double g = grad + h[3] * p;
    s[0] += g * g;
    return p - h[0] / (1 + (h[1] - 1) * h[2]) * g / (Math.sqrt(s[0]) + h[4]);
  }

  private static double adam(double p, double g, double[] s, double[] h) {
    s[0] = h[2] * s[0] + (1 - h[2]) * g;
    s[1] = h[3] * s[1] + (1 - h[3]) * g * g;
    s[2] = Math.max(s[2], s[1]);
    double mean = s[0] / (1 - Math.pow(h[2], h[1]));
    double square = (h[6] != 0 ? s[2] : s[1]) / (1 - Math.pow(h[3], h[1]));
    return p - h[0] * mean / (Math.sqrt(square) + h[4]);
  }

  private static double rmsprop(double p, double grad, double[] s, double[] h) {
    double g = grad + h[4] * p;
    s[0] = h[2] * s[0] + (1 - h[2]) * g * g;
    s[2] = h[2] * s[2] + (1 - h[2]) * g;
    double variance = s[0] - (h[6] != 0 ? s[2] * s[2] : 0);
    double direction = g / (Math.sqrt(variance) + h[3]);
    s[1] = h[5] * s[1] + direction;
    return p - h[0] * (h[5] != 0 ? s[1] : direction);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void followsThePublishedRules(FusedCase k) {
    for (int n : new int[] {0, 1, 7, 33, 1000}) {
      check(k, n, OptimizerKind.SGD, FusedOptimizerTest::sgd, 0, 0, 0.01, 0);
      check(k, n, OptimizerKind.SGD, FusedOptimizerTest::sgd, 0.9, 0.1, 0.01, 0);
      check(k, n, OptimizerKind.SGD, FusedOptimizerTest::sgd, 0.9, 0, 0.01, 1);
      check(k, n, OptimizerKind.ADAGRAD, FusedOptimizerTest::adagrad, 0.1, 0.01, 1e-8);
      Rule adam = (p, g, s, h) -> adam(p, g + h[5] * p, s, h);
      check(k, n, OptimizerKind.ADAM, adam, 0.9, 0.99, 1e-6, 0.02, 0);
      check(k, n, OptimizerKind.ADAM, adam, 0.8, 0.9, 1e-6, 0, 1);
      Rule adamw = (p, g, s, h) -> adam(p * (1 - h[0] * h[5]), g, s, h);
      check(k, n, OptimizerKind.ADAMW, adamw, 0.9, 0.99, 1e-6, 0.5, 0);
      check(k, n, OptimizerKind.ADAMW, adamw, 0.8, 0.9, 1e-6, 0.5, 1);
      check(k, n, OptimizerKind.RMSPROP, FusedOptimizerTest::rmsprop, 0.9, 1e-3, 0.01, 0, 0);
      check(k, n, OptimizerKind.RMSPROP, FusedOptimizerTest::rmsprop, 0.9, 1e-3, 0.01, 0.8, 1);
    }
  }

  /** Whether the settings use a state, by the rules of {@link OptimizerKind}. */
  private static boolean uses(OptimizerKind kind, int state, double[] h) {
    return switch (kind) {
      case SGD -> h[2] != 0;
      case ADAGRAD -> true;
      case ADAM, ADAMW -> state < 2 || h[6] != 0;
      case RMSPROP -> state == 0 || (state == 1 ? h[5] != 0 : h[6] != 0);
    };
  }

  private static void check(FusedCase k, int n, OptimizerKind kind, Rule rule, double... settings) {
    double[] h = new double[settings.length + 2];
    h[OptimizerKind.LR] = 0.05;
    System.arraycopy(settings, 0, h, 2, settings.length);
    View param = k.random(1, n);
    double[] p = read(param);
    double[][] s = new double[n][3];
    View[] state = new View[kind.states()];
    for (int i = 0; i < state.length; i++) {
      state[i] = uses(kind, i, h) ? k.of(new double[n], n) : k.of(new double[0], 0);
    }
    for (int step = 1; step <= 5; step++) {
      h[OptimizerKind.STEP] = step;
      View grad = k.random(10 + step, n);
      double[] g = read(grad);
      for (int i = 0; i < n; i++) {
        p[i] = rule.step(p[i], g[i], s[i], h);
      }
      View hyper = k.on().of(DType.FLOAT64, h, h.length);
      k.ops().optimizerStep(kind, param, grad, List.of(state), hyper);
      Views.assertClose(k + " " + kind + " step " + step, param, p, 8 * Views.tolerance(k.type()));
    }
  }
}
