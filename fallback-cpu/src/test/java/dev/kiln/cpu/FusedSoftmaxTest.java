package dev.kiln.cpu;

import static dev.kiln.cpu.Views.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.IndexException;
import dev.kiln.backend.CrossEntropySpec;
import dev.kiln.backend.View;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Softmax and cross-entropy against their definitions. */
class FusedSoftmaxTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final long IGNORE = -100;

  static Stream<FusedCase> cases() {
    return FusedCase.all();
  }

  private static double[] logSoftmax(double[] x, int n) {
    double[] out = new double[x.length];
    for (int row = 0; row < x.length / Math.max(1, n); row++) {
      double max = -INF;
      double sum = 0;
      for (int i = row * n; i < (row + 1) * n; i++) {
        max = Math.max(max, x[i]);
      }
      for (int i = row * n; i < (row + 1) * n; i++) {
        sum += Math.exp(x[i] - max);
      }
      for (int i = row * n; i < (row + 1) * n; i++) {
        out[i] = x[i] - max - Math.log(sum);
      }
    }
    return out;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void softmaxAndItsGradient(FusedCase k) {
    for (int[] s : new int[][] {{3, 1}, {5, 7}, {2, 33}, {31, 32}, {0, 4}}) {
      int n = s[1];
      View x = k.random(1, s[0], n);
      View dy = k.random(2, s[0], n);
      double[] logp = logSoftmax(read(x), n);
      double[] p = logp.clone();
      java.util.Arrays.setAll(p, i -> Math.exp(logp[i]));
      View y = k.empty(s[0], n);
      k.ops().softmax(y, x, false);
      k.check("softmax", y, p);
      k.ops().softmax(y, x, true);
      k.check("log softmax", y, logp);
      double[] g = read(dy);
      double[] dx = new double[g.length];
      double[] dlog = new double[g.length];
      for (int i = 0; i < g.length; i++) {
        double dot = 0;
        double sum = 0;
        for (int j = i / n * n; j < i / n * n + n; j++) {
          dot += g[j] * p[j];
          sum += g[j];
        }
        dx[i] = p[i] * (g[i] - dot);
        dlog[i] = g[i] - p[i] * sum;
      }
      View out = k.empty(s[0], n);
      k.ops().softmaxGrad(out, dy, k.of(p, s[0], n), false);
      Views.assertClose(k + " dx", out, dx, 8 * Views.tolerance(k.type()));
      k.ops().softmaxGrad(out, dy, k.of(logp, s[0], n), true);
      Views.assertClose(k + " dx of log", out, dlog, 64 * Views.tolerance(k.type()));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void softmaxOfFarNumbers(FusedCase k) {
    View y = k.empty(2, 3);
    k.ops()
        .softmax(y, k.of(new double[] {30000, 30000, -30000, -INF, -20000, -20000}, 2, 3), false);
    k.check("softmax", y, new double[] {0.5, 0.5, 0, 0, 0.5, 0.5});
    k.ops().softmax(y, k.of(new double[] {30000, 30000, -30000, -INF, -20000, -20000}, 2, 3), true);
    double half = Math.log(0.5);
    k.check("log softmax", y, new double[] {half, half, -60000 + half, -INF, half, half});
  }

  @ParameterizedTest
  @MethodSource("cases")
  void crossEntropyAndItsGradient(FusedCase k) {
    for (int[] s : new int[][] {{6, 5}, {33, 10}, {1, 1}, {0, 3}}) {
      int rows = s[0];
      int classes = s[1];
      View x = k.random(1, rows, classes);
      double[] labels = Views.integers(2, rows, 0, classes);
      long[] target = new long[rows];
      for (int i = 0; i < rows; i++) {
        target[i] = i % 4 == 2 ? IGNORE : (long) labels[i];
      }
      double[] weights = Views.random(3, classes);
      java.util.Arrays.setAll(weights, i -> (double) (float) Math.abs(weights[i]));
      View dloss = k.random(4, rows);
      double[] logp = logSoftmax(read(x), classes);
      for (double smoothing : new double[] {0, 0.1, 1}) {
        for (boolean weighted : new boolean[] {false, true}) {
          View w = k.of(weights, classes);
          Optional<View> weight = weighted ? Optional.of(w) : Optional.empty();
          double[] loss = new double[rows];
          double[] dx = new double[rows * classes];
          for (int r = 0; r < rows; r++) {
            if (target[r] != IGNORE) {
              double total = 0;
              double[] q = new double[classes];
              for (int c = 0; c < classes; c++) {
                double share = smoothing / classes + (c == target[r] ? 1 - smoothing : 0);
                q[c] = share * (weighted ? read(w)[c] : 1);
                total += q[c];
                loss[r] -= q[c] == 0 ? 0 : q[c] * logp[r * classes + c];
              }
              for (int c = 0; c < classes; c++) {
                double p = Math.exp(logp[r * classes + c]);
                dx[r * classes + c] = read(dloss)[r] * (p * total - q[c]);
              }
            }
          }
          CrossEntropySpec spec = new CrossEntropySpec(smoothing, IGNORE);
          View out = k.empty(rows);
          View saved = k.empty(rows, classes);
          k.ops().crossEntropy(out, saved, x, k.on().longs(target), weight, spec);
          Views.assertClose(k + " loss", out, loss, 4 * Views.tolerance(k.type()));
          k.check("log probabilities", saved, logp);
          View grad = k.empty(rows, classes);
          View exact = k.of(logp, rows, classes);
          k.ops().crossEntropyGrad(grad, dloss, exact, k.on().longs(target), weight, spec);
          Views.assertClose(k + " dx", grad, dx, 16 * Views.tolerance(k.type()));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void impossibleClassesCostNothingUnlessMeant(FusedCase k) {
    View x = k.of(new double[] {0, -INF, 0, 0, -INF, 0}, 2, 3);
    View loss = k.empty(2);
    CrossEntropySpec spec = new CrossEntropySpec(0, IGNORE);
    k.ops().crossEntropy(loss, k.empty(2, 3), x, k.on().longs(0, 1), Optional.empty(), spec);
    assertThat(read(loss)[0]).isBetween(0.69, 0.697);
    assertThat(read(loss)[1]).isEqualTo(INF);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void labelsThatAreNoClassAreNamed(FusedCase k) {
    View x = k.random(1, 5, 10);
    CrossEntropySpec spec = new CrossEntropySpec(0.1, IGNORE);
    for (long bad : new long[] {12, 10, -1}) {
      View target = k.on().longs(1, IGNORE, 9, bad, 77);
      assertThatThrownBy(
              () ->
                  k.ops()
                      .crossEntropy(k.empty(5), k.empty(5, 10), x, target, Optional.empty(), spec))
          .isInstanceOf(IndexException.class)
          .hasMessage(
              "[cross_entropy] target "
                  + bad
                  + " at row 3 is no class; valid are 0 to 9 (or ignore_index -100)");
    }
  }
}
