package dev.kiln.cpu.kernels;

import dev.kiln.backend.UnaryOp;
import java.util.Arrays;

/** {@link UnaryKernels} in plain loops; transcendental functions are computed in double. */
final class LoopUnary implements UnaryKernels {
  private static final double SELU_SCALE = 1.0507009873554805;
  private static final double SELU_ALPHA_SCALE = 1.7580993408473766;
  private static final double SQRT_2_PI = 0.7978845608028654;

  /** The bits of negative infinity; those of a NaN with a sign are above. */
  private static final int NEGATIVE_INFINITY = 0xff800000;

  /** A function of one element, for ops not worth a loop of their own. */
  private interface Function {
    float at(float x);
  }

  private static void map(Function f, float[] x, int xo, float[] y, int yo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = f.at(x[xo + i]);
    }
  }

  @Override
  public void apply(UnaryOp op, float p, float q, float[] x, int xo, float[] y, int yo, int n) {
    switch (op) {
      case ABS:
        for (int i = 0; i < n; i++) {
          y[yo + i] = Math.abs(x[xo + i]);
        }
        return;
      case NEG:
        for (int i = 0; i < n; i++) {
          y[yo + i] = -x[xo + i];
        }
        return;
      case SQUARE:
        for (int i = 0; i < n; i++) {
          y[yo + i] = x[xo + i] * x[xo + i];
        }
        return;
      case SQRT:
        for (int i = 0; i < n; i++) {
          y[yo + i] = (float) Math.sqrt(x[xo + i]);
        }
        return;
      case RSQRT:
        for (int i = 0; i < n; i++) {
          y[yo + i] = 1f / (float) Math.sqrt(x[xo + i]);
        }
        return;
      case RECIPROCAL:
        for (int i = 0; i < n; i++) {
          y[yo + i] = 1f / x[xo + i];
        }
        return;
      case AFFINE:
        for (int i = 0; i < n; i++) {
          y[yo + i] = p * x[xo + i] + q;
        }
        return;
      case CLAMP:
      case HARDTANH:
        for (int i = 0; i < n; i++) {
          y[yo + i] = Math.min(Math.max(x[xo + i], p), q);
        }
        return;
      case RELU:
        for (int i = 0; i < n; i++) {
          y[yo + i] = Math.max(x[xo + i], 0f);
        }
        return;
      case LEAKY_RELU:
        // Two vectorisable halves; a conditional is not vectorised.
        for (int i = 0; i < n; i++) {
          y[yo + i] = Math.max(x[xo + i], -0f) + p * Math.min(x[xo + i], 0f);
        }
        return;
      case SOFTSIGN:
        for (int i = 0; i < n; i++) {
          y[yo + i] = x[xo + i] / (1f + Math.abs(x[xo + i]));
        }
        return;
      case HARDSIGMOID:
        for (int i = 0; i < n; i++) {
          y[yo + i] = Math.min(Math.max(x[xo + i] + 3f, 0f), 6f) / 6f;
        }
        return;
      case HARDSWISH:
        for (int i = 0; i < n; i++) {
          y[yo + i] = x[xo + i] * (Math.min(Math.max(x[xo + i] + 3f, 0f), 6f) / 6f);
        }
        return;
      case POW:
        power(p, x, xo, y, yo, n);
        return;
      default:
        map(function(op, p, q), x, xo, y, yo, n);
    }
  }

  private static void power(float p, float[] x, int xo, float[] y, int yo, int n) {
    if (p == 2f) {
      for (int i = 0; i < n; i++) {
        y[yo + i] = x[xo + i] * x[xo + i];
      }
    } else if (p == 3f) {
      for (int i = 0; i < n; i++) {
        y[yo + i] = x[xo + i] * x[xo + i] * x[xo + i];
      }
    } else if (p == 1f) {
      System.arraycopy(x, xo, y, yo, n);
    } else if (p == 0f) {
      Arrays.fill(y, yo, yo + n, 1f);
    } else {
      for (int i = 0; i < n; i++) {
        y[yo + i] = (float) Powers.fast(x[xo + i], p);
      }
    }
  }

  private static Function function(UnaryOp op, float p, float q) {
    switch (op) {
      case SIGN:
        return x -> x > 0f ? 1f : x < 0f ? -1f : 0f;
      case FLOOR:
        return x -> (float) Math.floor(x);
      case CEIL:
        return x -> (float) Math.ceil(x);
      case ROUND:
        return x -> (float) Math.rint(x);
      case EXP:
        return x -> (float) Math.exp(x);
      case EXPM1:
        return x -> (float) Math.expm1(x);
      case LOG:
        return x -> (float) Math.log(x);
      case LOG1P:
        return x -> (float) Math.log1p(x);
      case SIN:
        return x -> (float) Math.sin(x);
      case COS:
        return x -> (float) Math.cos(x);
      case ERF:
        return x -> (float) Erf.erf(x);
      case ELU:
        return x -> x > 0f ? x : (float) (p * Math.expm1(x));
      case CELU:
        return x -> x > 0f ? x : (float) (p * Math.expm1((double) x / p));
      case SELU:
        return x -> (float) (x > 0f ? SELU_SCALE * x : SELU_ALPHA_SCALE * Math.expm1(x));
      case GELU:
        return x -> (float) (x * Erf.normal(x));
      case GELU_TANH:
        return x -> (float) (x * sigmoid(2 * tanhArgument(x)));
      case SILU:
        return x -> (float) (x / (1 + Math.exp(-x)));
      case MISH:
        return x -> (float) (x * Math.tanh(softplus(x)));
      case SIGMOID:
        return x -> (float) sigmoid(x);
      case LOG_SIGMOID:
        return x -> (float) -softplus(-x);
      case TANH:
        return x -> (float) Math.tanh(x);
      case SOFTPLUS:
        return x -> p * x > q ? x : (float) (softplus((double) p * x) / p);
      default:
        throw new AssertionError(op);
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  private static double tanhArgument(double x) {
    return SQRT_2_PI * (x + 0.044715 * x * x * x);
  }

  @Override
  public void gradient(
      UnaryOp op,
      float p,
      float q,
      float[] dy,
      int dyo,
      float[] s,
      int so,
      float[] dx,
      int dxo,
      int n) {
    switch (op) {
      case SIGN:
      case FLOOR:
      case CEIL:
      case ROUND:
        Arrays.fill(dx, dxo, dxo + n, 0f);
        return;
      case NEG:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = -dy[dyo + i];
        }
        return;
      case AFFINE:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = p * dy[dyo + i];
        }
        return;
      case SQUARE:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = dy[dyo + i] * (2f * s[so + i]);
        }
        return;
      case SQRT:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = dy[dyo + i] / (2f * s[so + i]);
        }
        return;
      case RSQRT:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = dy[dyo + i] * (-0.5f * s[so + i] * s[so + i] * s[so + i]);
        }
        return;
      case RECIPROCAL:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = -dy[dyo + i] * (s[so + i] * s[so + i]);
        }
        return;
      case EXP:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = dy[dyo + i] * s[so + i];
        }
        return;
      case EXPM1:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = dy[dyo + i] * (s[so + i] + 1f);
        }
        return;
      case LOG:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = dy[dyo + i] / s[so + i];
        }
        return;
      case LOG1P:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = dy[dyo + i] / (1f + s[so + i]);
        }
        return;
      case SIGMOID:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = dy[dyo + i] * ((1f - s[so + i]) * s[so + i]);
        }
        return;
      case TANH:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = dy[dyo + i] * ((1f - s[so + i]) * (1f + s[so + i]));
        }
        return;
      case SOFTSIGN:
        for (int i = 0; i < n; i++) {
          float r = 1f / (1f + Math.abs(s[so + i]));
          dx[dxo + i] = dy[dyo + i] * r * r;
        }
        return;
      case ABS:
        for (int i = 0; i < n; i++) {
          float v = s[so + i];
          float d = dy[dyo + i];
          dx[dxo + i] = v > 0f ? d : v < 0f ? -d : 0f * d;
        }
        return;
      case RELU:
        for (int i = 0; i < n; i++) {
          int g = Float.floatToRawIntBits(dy[dyo + i]);
          dx[dxo + i] = Float.intBitsToFloat(g & aboveZero(Float.floatToRawIntBits(s[so + i])));
        }
        return;
      case CLAMP:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = s[so + i] >= p && s[so + i] <= q ? dy[dyo + i] : 0f;
        }
        return;
      case HARDTANH:
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = s[so + i] <= p || s[so + i] >= q ? 0f : dy[dyo + i];
        }
        return;
      default:
        Function f = derivative(op, p, q);
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = dy[dyo + i] * f.at(s[so + i]);
        }
    }
  }

  /**
   * Returns ones for the bits of a positive number or a NaN, else zeros: without a branch, since no
   * processor predicts the sign of data.
   */
  private static int aboveZero(int bits) {
    return (-bits & ~bits | NEGATIVE_INFINITY - bits & bits) >> 31;
  }

  private static Function derivative(UnaryOp op, float p, float q) {
    switch (op) {
      case SIN:
        return x -> (float) Math.cos(x);
      case COS:
        return x -> (float) -Math.sin(x);
      case ERF:
        return x -> (float) (1.1283791670955126 * Math.exp(-(double) x * x));
      case POW:
        if (p == 2f) {
          return x -> 2f * x;
        }
        return p == 0f ? x -> 0f : x -> (float) (p * Powers.fast(x, p - 1.0));
      case LEAKY_RELU:
        return x -> x > 0f ? 1f : p;
      case ELU:
        return x -> x > 0f ? 1f : (float) (p * Math.exp(x));
      case CELU:
        return x -> x > 0f ? 1f : (float) Math.exp((double) x / p);
      case SELU:
        return x -> (float) (x > 0f ? SELU_SCALE : SELU_ALPHA_SCALE * Math.exp(x));
      case GELU:
        return x ->
            (float) (Erf.normal(x) + x * 0.3989422804014327 * Math.exp(-0.5 * (double) x * x));
      case GELU_TANH:
        return x -> {
          double s = sigmoid(2 * tanhArgument(x));
          double rest = sigmoid(-2 * tanhArgument(x));
          double slope = 2 * SQRT_2_PI * (1 + 3 * 0.044715 * (double) x * x);
          return (float) (rest == 0 || s == 0 ? s : s + x * s * rest * slope);
        };
      case SILU:
        return x -> {
          double s = sigmoid(x);
          return (float) (s * (1 + x * sigmoid(-x)));
        };
      case MISH:
        return x -> {
          double t = Math.tanh(softplus(x));
          return (float) (t + Math.min(x, 40) * sigmoid(x) * (1 - t * t));
        };
      case LOG_SIGMOID:
        return x -> (float) sigmoid(-x);
      case SOFTPLUS:
        return x -> p * x > q ? 1f : (float) sigmoid((double) p * x);
      case HARDSIGMOID:
        return x -> x > -3f && x < 3f ? 1f / 6f : 0f;
      case HARDSWISH:
        return x -> x <= -3f ? 0f : x >= 3f ? 1f : x / 3f + 0.5f;
      default:
        throw new AssertionError(op);
    }
  }
}
