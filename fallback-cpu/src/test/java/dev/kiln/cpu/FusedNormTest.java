package dev.kiln.cpu;

import static dev.kiln.cpu.Views.read;

import dev.kiln.backend.View;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Batch and layer normalisation against the definitions, element by element. */
class FusedNormTest {
  private static final double EPS = 1e-3;

  static Stream<FusedCase> cases() {
    return FusedCase.all();
  }

  /** Normalisation of the elements of each group, with a weight and bias for each slot. */
  private record Reference(
      double[] x, int groups, IntUnaryOperator group, IntUnaryOperator slot, double[] w) {
    double[] mean() {
      double[] m = new double[groups];
      int[] n = counts();
      for (int i = 0; i < x.length; i++) {
        m[group.applyAsInt(i)] += x[i] / n[group.applyAsInt(i)];
      }
      return m;
    }

    int[] counts() {
      int[] n = new int[groups];
      for (int i = 0; i < x.length; i++) {
        n[group.applyAsInt(i)]++;
      }
      return n;
    }

    double[] variance() {
      double[] m = mean();
      double[] v = new double[groups];
      int[] n = counts();
      for (int i = 0; i < x.length; i++) {
        int g = group.applyAsInt(i);
        v[g] += (x[i] - m[g]) * (x[i] - m[g]) / n[g];
      }
      return v;
    }

    double[] invStd() {
      double[] s = variance();
      for (int g = 0; g < groups; g++) {
        s[g] = 1 / Math.sqrt(s[g] + EPS);
      }
      return s;
    }

    double[] normal() {
      double[] m = mean();
      double[] s = invStd();
      double[] out = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        out[i] = (x[i] - m[group.applyAsInt(i)]) * s[group.applyAsInt(i)];
      }
      return out;
    }

    double[] y(double[] b) {
      double[] out = normal();
      for (int i = 0; i < x.length; i++) {
        out[i] = out[i] * w[slot.applyAsInt(i)] + b[slot.applyAsInt(i)];
      }
      return out;
    }

    /** The gradient by the chain rule through mean and variance. */
    double[] dx(double[] dy) {
      double[] s = invStd();
      double[] normal = normal();
      int[] n = counts();
      double[] sum = new double[groups];
      double[] dot = new double[groups];
      for (int i = 0; i < x.length; i++) {
        double g = dy[i] * w[slot.applyAsInt(i)];
        sum[group.applyAsInt(i)] += g;
        dot[group.applyAsInt(i)] += g * normal[i];
      }
      double[] out = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        int g = group.applyAsInt(i);
        double direct = dy[i] * w[slot.applyAsInt(i)];
        out[i] = s[g] * (direct - sum[g] / n[g] - normal[i] * dot[g] / n[g]);
      }
      return out;
    }

    double[] dw(double[] dy) {
      double[] out = new double[w.length];
      double[] normal = normal();
      for (int i = 0; i < x.length; i++) {
        out[slot.applyAsInt(i)] += dy[i] * normal[i];
      }
      return out;
    }

    double[] db(double[] dy) {
      double[] out = new double[w.length];
      for (int i = 0; i < x.length; i++) {
        out[slot.applyAsInt(i)] += dy[i];
      }
      return out;
    }
  }

  private static double[] ones(int n) {
    double[] out = new double[n];
    java.util.Arrays.fill(out, 1);
    return out;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void batchNorm(FusedCase k) {
    for (int[] s : new int[][] {{4, 3, 5}, {7, 2, 1}, {2, 33, 31}, {1, 1, 2}}) {
      for (boolean affine : new boolean[] {true, false}) {
        int c = s[1];
        int inner = s[2];
        View x = k.random(1, s[0], c, inner);
        View w = k.random(2, c);
        View b = k.random(3, c);
        View dy = k.random(4, s[0], c, inner);
        View runningMean = k.random(5, c);
        View runningVar = k.of(ones(c), c);
        IntUnaryOperator channel = i -> i / inner % c;
        Reference r = new Reference(read(x), c, channel, channel, affine ? read(w) : ones(c));
        double count = s[0] * (double) inner;
        double[] newMean = read(runningMean);
        double[] newVar = read(runningVar);
        for (int i = 0; i < c; i++) {
          newMean[i] = 0.7 * newMean[i] + 0.3 * r.mean()[i];
          newVar[i] = 0.7 * newVar[i] + 0.3 * r.variance()[i] * count / (count - 1);
        }
        View y = k.empty(s[0], c, inner);
        View mean = k.empty(c);
        View invStd = k.empty(c);
        Optional<View> weight = affine ? Optional.of(w) : Optional.empty();
        k.ops()
            .batchNormTrain(
                y,
                mean,
                invStd,
                Optional.of(runningMean),
                Optional.of(runningVar),
                x,
                weight,
                affine ? Optional.of(b) : Optional.empty(),
                0.3,
                EPS);
        k.check("y", y, r.y(affine ? read(b) : new double[c]));
        k.check("mean", mean, r.mean());
        k.check("invStd", invStd, r.invStd());
        k.check("running mean", runningMean, newMean);
        k.check("running variance", runningVar, newVar);

        View dx = k.empty(s[0], c, inner);
        View dw = k.empty(c);
        View db = k.empty(c);
        View m = k.of(r.mean(), c);
        View i = k.of(r.invStd(), c);
        k.ops().batchNormTrainGrad(dx, dw, db, dy, x, weight, m, i);
        double[] g = read(dy);
        k.checkSum("dx", dx, r.dx(g), 8);
        k.checkSum("dweight", dw, r.dw(g), 8);
        k.checkSum("dbias", db, r.db(g), 8);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void batchNormOfALargeMeanKeepsItsVariance(FusedCase k) {
    if (k.type().bytes() < 4) {
      return; // 16 bits do not resolve such data
    }
    double[] data = new double[64];
    for (int i = 0; i < 64; i++) {
      data[i] = 4096 + (i % 4) / 4.0;
    }
    View y = k.empty(8, 1, 8);
    View invStd = k.empty(1);
    k.ops()
        .batchNormTrain(
            y,
            k.empty(1),
            invStd,
            Optional.empty(),
            Optional.empty(),
            k.of(data, 8, 1, 8),
            Optional.empty(),
            Optional.empty(),
            0.1,
            0);
    // The variance of 0, 1/4, 2/4, 3/4.
    k.check("invStd", invStd, new double[] {1 / Math.sqrt(5.0 / 64)});
  }

  @ParameterizedTest
  @MethodSource("cases")
  void layerNorm(FusedCase k) {
    for (int[] s : new int[][] {{4, 5}, {1, 1}, {7, 33}, {32, 31}, {0, 8}}) {
      for (boolean affine : new boolean[] {true, false}) {
        int n = s[1];
        View x = k.random(1, s[0], n);
        View w = k.random(2, n);
        View b = k.random(3, n);
        View dy = k.random(4, s[0], n);
        Reference r =
            new Reference(read(x), s[0], i -> i / n, i -> i % n, affine ? read(w) : ones(n));
        View y = k.empty(s[0], n);
        View mean = k.empty(s[0]);
        View invStd = k.empty(s[0]);
        Optional<View> weight = affine ? Optional.of(w) : Optional.empty();
        k.ops()
            .layerNorm(y, mean, invStd, x, weight, affine ? Optional.of(b) : Optional.empty(), EPS);
        k.check("y", y, r.y(affine ? read(b) : new double[n]));
        k.check("mean", mean, r.mean());
        k.check("invStd", invStd, r.invStd());
        View dx = k.empty(s[0], n);
        View dw = k.empty(n);
        View db = k.empty(n);
        View m = k.of(r.mean(), s[0]);
        View i = k.of(r.invStd(), s[0]);
        k.ops().layerNormGrad(dx, dw, db, dy, x, weight, m, i);
        double[] g = read(dy);
        k.checkSum("dx", dx, r.dx(g), 8);
        k.checkSum("dweight", dw, r.dw(g), 8);
        k.checkSum("dbias", db, r.db(g), 8);
      }
    }
  }
}
