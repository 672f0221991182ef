package dev.kiln.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.backend.OptimizerKind;
import dev.kiln.cpu.threads.WorkerPool;
import org.junit.jupiter.api.Test;

class OptimizerStepsTest {
  private static final int N = 40_001;

  /** Three steps in double, written from the documented formulas. */
  private static double[] oracle(OptimizerKind kind, float[] p0, float[] g0, double[] hyper) {
    double[] p = new double[N];
    for (int i = 0; i < N; i++) {
      p[i] = p0[i];
      double a = 0;
      double b = 0;
      double c = 0;
      for (int t = 1; t <= 3; t++) {
        double g = g0[i] * t;
        double lr = hyper[0];
        switch (kind) {
          case SGD:
            g += hyper[5] * p[i];
            if (hyper[3] != 0) {
              a = t == 1 ? g : hyper[3] * a + (1 - hyper[4]) * g;
              g = hyper[6] != 0 ? g + hyper[3] * a : a;
            }
            p[i] -= lr * g;
            break;
          case ADAGRAD:
            g += hyper[4] * p[i];
            a += g * g;
            p[i] -= lr / (1 + (t - 1) * hyper[3]) * g / (Math.sqrt(a) + hyper[5]);
            break;
          case ADAM:
          case ADAMW:
            if (kind == OptimizerKind.ADAM) {
              g += hyper[6] * p[i];
            } else {
              p[i] -= lr * hyper[6] * p[i];
            }
            a = hyper[3] * a + (1 - hyper[3]) * g;
            b = hyper[4] * b + (1 - hyper[4]) * g * g;
            c = Math.max(b, c);
            double v = hyper[7] != 0 ? c : b;
            p[i] -=
                lr
                    * a
                    / (1 - Math.pow(hyper[3], t))
                    / (Math.sqrt(v / (1 - Math.pow(hyper[4], t))) + hyper[5]);
            break;
          default:
            g += hyper[5] * p[i];
            a = hyper[3] * a + (1 - hyper[3]) * g * g;
            c = hyper[3] * c + (1 - hyper[3]) * g;
            double d = Math.sqrt(hyper[7] != 0 ? a - c * c : a) + hyper[4];
            b = hyper[6] * b + g / d;
            p[i] -= lr * (hyper[6] != 0 ? b : g / d);
        }
      }
    }
    return p;
  }

  private static void check(OptimizerKind kind, double... hyper) {
    float[] first = steps(KernelSets.all().get(0), kind, hyper);
    for (Kernels set : KernelSets.all()) {
      assertThat(steps(set, kind, hyper)).as(set.name()).containsExactly(first);
    }
  }

  private static float[] steps(Kernels set, OptimizerKind kind, double... hyper) {
    float[] p0 = Check.random(1, N);
    float[] g0 = Check.random(2, N);
    OptimizerSteps optimizers = new OptimizerSteps(set.spans(), WorkerPool.shared());
    float[] got =
        Check.sameBits(
            kind.name(),
            () -> {
              float[] p = p0.clone();
              boolean velocity = kind != OptimizerKind.SGD || hyper[3] != 0;
              boolean rms = kind == OptimizerKind.RMSPROP;
              boolean second = !rms || hyper[6] != 0;
              boolean third = hyper.length > 7 && hyper[7] != 0;
              OptimizerSteps.Span[] state = {
                new OptimizerSteps.Span(new float[N], 0, velocity ? N : 0),
                new OptimizerSteps.Span(new float[N + 1], 1, second ? N : 0),
                new OptimizerSteps.Span(new float[N + 2], 2, third ? N : 0)
              };
              for (int t = 1; t <= 3; t++) {
                float[] g = g0.clone();
                for (int i = 0; i < N; i++) {
                  g[i] *= t;
                }
                hyper[OptimizerKind.STEP] = t;
                optimizers.step(
                    kind,
                    new OptimizerSteps.Span(p, 0, N),
                    new OptimizerSteps.Span(g, 0, N),
                    state,
                    hyper);
              }
              return p;
            });
    Check.close(kind.name(), got, oracle(kind, p0, g0, hyper), 1, 2e-6);
    return got;
  }

  @Test
  void sgd() {
    check(OptimizerKind.SGD, 0.1, 0, 1, 0, 0, 0, 0);
    check(OptimizerKind.SGD, 0.1, 0, 1, 0, 0, 0.01, 0);
    check(OptimizerKind.SGD, 0.1, 0, 1, 0.9, 0.3, 0.01, 0);
    check(OptimizerKind.SGD, 0.1, 0, 1, 0.9, 0, 0.01, 1);
  }

  @Test
  void adagrad() {
    check(OptimizerKind.ADAGRAD, 0.1, 0, 1, 0.02, 0.01, 1e-10);
  }

  @Test
  void adam() {
    check(OptimizerKind.ADAM, 0.01, 0, 1, 0.9, 0.999, 1e-8, 0, 0);
    check(OptimizerKind.ADAM, 0.01, 0, 1, 0.9, 0.999, 1e-8, 0.1, 1);
    check(OptimizerKind.ADAMW, 0.01, 0, 1, 0.9, 0.999, 1e-8, 0.1, 0);
    check(OptimizerKind.ADAMW, 0.01, 0, 1, 0.9, 0.999, 1e-8, 0.1, 1);
  }

  @Test
  void rmsprop() {
    check(OptimizerKind.RMSPROP, 0.01, 0, 1, 0.99, 1e-8, 0, 0, 0);
    check(OptimizerKind.RMSPROP, 0.01, 0, 1, 0.99, 1e-8, 0.1, 0.9, 0);
    check(OptimizerKind.RMSPROP, 0.01, 0, 1, 0.9, 1e-2, 0.1, 0.9, 1);
  }
}
