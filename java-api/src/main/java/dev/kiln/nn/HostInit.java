package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.Dist;

/** First values that are worked out on the host, from numbers drawn on the device. */
final class HostInit {
  /** Ranges up to this many standard deviations wide are sampled from a uniform proposal. */
  private static final double NARROW = 4;

  private static final double FARTHEST = 2;
  private static final int CHUNK = 4096;

  private HostInit() {}

  static Tensor truncatedNormal(Tensor t, double mean, double std, double low, double high) {
    double a = (low - mean) / std;
    double b = (high - mean) / std;
    if (!(std > 0) || !(a < b) || a > FARTHEST || b < -FARTHEST) {
      throw new KilnException(
          "[init] normal(mean "
              + mean
              + ", std "
              + std
              + ") cannot be cut to "
              + low
              + " .. "
              + high
              + "; std must be above 0 and the range within 2 std of the mean");
    }
    double[] values = b - a <= NARROW ? narrow(t, a, b) : wide(t, a, b);
    for (int i = 0; i < values.length; i++) {
      // Rounding may step over a limit.
      values[i] = Math.min(high, Math.max(low, mean + std * values[i]));
    }
    return write(t, values);
  }

  /** Normal numbers, those outside left out. */
  private static double[] wide(Tensor t, double a, double b) {
    double[] out = new double[(int) t.numel()];
    int n = 0;
    while (n < out.length) {
      for (double z : draw(t.device(), Dist.NORMAL, 0, 1, CHUNK)) {
        if (z >= a && z <= b && n < out.length) {
          out[n++] = z;
        }
      }
    }
    return out;
  }

  /** Uniform numbers of the range, kept with the density's odds; Robert 1995. */
  private static double[] narrow(Tensor t, double a, double b) {
    double peak = Math.max(a, Math.min(b, 0));
    double[] out = new double[(int) t.numel()];
    int n = 0;
    while (n < out.length) {
      double[] u = draw(t.device(), Dist.UNIFORM, 0, 1, CHUNK);
      for (int i = 0; i < u.length && n < out.length; i += 2) {
        double z = a + (b - a) * u[i];
        if (u[i + 1] <= StrictMath.exp((peak * peak - z * z) / 2)) {
          out[n++] = z;
        }
      }
    }
    return out;
  }

  static Tensor orthogonal(Tensor t, double gain) {
    int rows = (int) t.size(0);
    int columns = rows == 0 ? 0 : (int) (t.numel() / rows);
    boolean tall = rows > columns;
    int count = Math.min(rows, columns);
    int length = Math.max(rows, columns);
    double[] drawn = draw(t.device(), Dist.NORMAL, 0, 1, count * length);
    double[][] vectors = new double[count][];
    for (int i = 0; i < count; i++) {
      vectors[i] = java.util.Arrays.copyOfRange(drawn, i * length, (i + 1) * length);
    }
    orthonormalise(vectors);
    double[] values = new double[count * length];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < length; j++) {
        values[tall ? j * columns + i : i * columns + j] = gain * vectors[i][j];
      }
    }
    return write(t, values);
  }

  /**
   * Modified Gram-Schmidt, twice for full precision. Its triangular factor has a positive diagonal,
   * which makes the result uniform over all orthogonal matrices.
   */
  private static void orthonormalise(double[][] vectors) {
    for (int i = 0; i < vectors.length; i++) {
      double[] v = vectors[i];
      for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < i; k++) {
          addScaled(v, vectors[k], -dot(v, vectors[k]));
        }
      }
      double norm = Math.sqrt(dot(v, v));
      for (int j = 0; j < v.length; j++) {
        v[j] /= norm;
      }
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void addScaled(double[] a, double[] b, double scale) {
    for (int i = 0; i < a.length; i++) {
      a[i] += scale * b[i];
    }
  }

  private static double[] draw(Device device, Dist dist, double a, double b, int n) {
    try (Scope scope = Scope.open("init")) {
      Tensor t = Tensor.empty(Shape.of(n), DType.FLOAT32, device);
      return device.generator().fill(t, dist, a, b).toDoubleArray();
    }
  }

  private static Tensor write(Tensor t, double[] values) {
    try (Scope scope = Scope.open("init");
        NoGrad off = NoGrad.open()) {
      return t.copyFrom(Tensor.of(values, t.shape(), t.device()));
    }
  }
}
