package dev.kiln.cpu;

import dev.kiln.backend.UnaryOp;
import dev.kiln.cpu.kernels.UnaryKernels;
import java.math.BigDecimal;
import java.util.Optional;

/** Measures the largest error of a function or its gradient over some arguments. */
final class UnaryAccuracy {
  private UnaryAccuracy() {}

  /** The largest error, in units of the last place of the true result, and where it is. */
  record Worst(double ulps, double at, double got, double want) {
    static final Worst NONE = new Worst(0, Double.NaN, 0, 0);

    Worst or(double other, double x, double y, double exact) {
      return other > ulps ? new Worst(other, x, y, exact) : this;
    }

    Worst or(Worst other) {
      return other.ulps > ulps ? other : this;
    }
  }

  /** The function in double. */
  static double[] exact(UnaryOp op, float a, float b, float[] x) {
    UnaryFunction.Forward f = UnaryFunction.of(op).forward();
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = f.at(x[i], a, b);
    }
    return y;
  }

  /** FLOAT32 kernels against the functions in double. */
  static Worst ofFloats(
      UnaryKernels kernels, UnaryOp op, float a, float b, float[] x, double[] want) {
    float[] y = new float[x.length];
    kernels.apply(op, a, b, x, 0, y, 0, x.length);
    Worst worst = Worst.NONE;
    for (int i = 0; i < x.length; i++) {
      double error = Ulps.of(y[i], want[i], floor(op, x[i], false));
      worst = worst.or(error, x[i], y[i], want[i]);
    }
    return worst;
  }

  /** FLOAT32 gradients for dy = 1 against the gradients in double, from the same saved values. */
  static Worst ofFloatGradients(UnaryKernels kernels, UnaryOp op, float a, float b, float[] x) {
    float[] saved = x;
    if (op.saves() == UnaryOp.Saves.Y) {
      saved = new float[x.length];
      kernels.apply(op, a, b, x, 0, saved, 0, x.length);
    }
    float[] dy = new float[x.length];
    java.util.Arrays.fill(dy, 1f);
    float[] dx = new float[x.length];
    kernels.gradient(op, a, b, dy, 0, saved, 0, dx, 0, x.length);
    UnaryFunction.Gradient f = UnaryFunction.of(op).gradient();
    Worst worst = Worst.NONE;
    for (int i = 0; i < x.length; i++) {
      double want = f.at(1, saved[i], a, b);
      worst =
          worst.or(Ulps.of(withSign(dx[i], want), want, floor(op, x[i], true)), x[i], dx[i], want);
    }
    return worst;
  }

  /** The functions in double against a hundred digits. */
  static Worst ofDoubles(UnaryOp op, double a, double b, double[] xs) {
    UnaryFunction.Forward f = UnaryFunction.of(op).forward();
    Worst worst = Worst.NONE;
    for (double x : xs) {
      Optional<BigDecimal> want = ExactUnary.value(op, new BigDecimal(x), a, b);
      if (want.isPresent()) {
        double y = f.at(x, a, b);
        worst =
            worst.or(Ulps.of(y, want.get(), floor(op, x, false)), x, y, want.get().doubleValue());
      }
    }
    return worst;
  }

  /** The gradients in double, for dy = 1, against differences of a hundred digits. */
  static Worst ofDoubleGradients(UnaryOp op, double a, double b, double[] xs) {
    UnaryFunction f = UnaryFunction.of(op);
    Worst worst = Worst.NONE;
    for (double x : xs) {
      double saved = op.saves() == UnaryOp.Saves.Y ? f.forward().at(x, a, b) : x;
      if (!Double.isFinite(saved)) {
        continue;
      }
      Optional<BigDecimal> want = ExactUnary.slope(op, new BigDecimal(saved), a, b);
      if (want.isPresent()) {
        double dx = f.gradient().at(1, saved, a, b);
        worst =
            worst.or(Ulps.of(dx, want.get(), floor(op, x, true)), x, dx, want.get().doubleValue());
      }
    }
    return worst;
  }

  /** The sign of a gradient that is 0 means nothing. */
  private static float withSign(float v, double want) {
    return v == 0 ? (float) Math.copySign(0, want) : v;
  }

  /** Around the one place where a result is a difference of two numbers, errors are theirs. */
  private static double floor(UnaryOp op, double x, boolean gradient) {
    boolean crosses =
        gradient
            ? switch (op) {
              case GELU, GELU_TANH, SILU, MISH, HARDSWISH -> true;
              default -> false;
            }
            : op == UnaryOp.AFFINE;
    return crosses && Math.abs(x) < 2 ? 0.25 : 0;
  }
}
