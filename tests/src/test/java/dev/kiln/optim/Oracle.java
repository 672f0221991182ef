package dev.kiln.optim;

/** PyTorch's update rules as documented, one element at a time, in double precision. */
final class Oracle {
  private Oracle() {}

  /** The rule of one parameter, with its own state and step count. */
  interface Rule {
    void step(double[] p, double[] g);
  }

  /** torch.optim.SGD. */
  static Rule sgd(
      double lr, double momentum, double dampening, double weightDecay, boolean nesterov) {
    return new Rule() {
      private double[] buffer;

      @Override
      public void step(double[] p, double[] grad) {
        double[] g = decayed(p, grad, weightDecay);
        if (momentum != 0) {
          if (buffer == null) {
            buffer = g.clone();
          } else {
            for (int i = 0; i < g.length; i++) {
              buffer[i] = momentum * buffer[i] + (1 - dampening) * g[i];
            }
          }
          for (int i = 0; i < g.length; i++) {
            g[i] = nesterov ? g[i] + momentum * buffer[i] : buffer[i];
          }
        }
        for (int i = 0; i < p.length; i++) {
          p[i] -= lr * g[i];
        }
      }
    };
  }

  /** torch.optim.Adagrad. */
  static Rule adagrad(double lr, double lrDecay, double weightDecay, double start, double eps) {
    return new Rule() {
      private double[] sum;
      private int t;

      @Override
      public void step(double[] p, double[] grad) {
        double[] g = decayed(p, grad, weightDecay);
        if (sum == null) {
          sum = new double[p.length];
          java.util.Arrays.fill(sum, start);
        }
        t++;
        double rate = lr / (1 + (t - 1) * lrDecay);
        for (int i = 0; i < p.length; i++) {
          sum[i] += g[i] * g[i];
          p[i] -= rate * g[i] / (Math.sqrt(sum[i]) + eps);
        }
      }
    };
  }

  /** torch.optim.Adam, or AdamW when the decay is decoupled. */
  static Rule adam(
      double lr,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      boolean amsgrad,
      boolean decoupled) {
    return new Rule() {
      private double[] m;
      private double[] v;
      private double[] largest;
      private int t;

      @Override
      public void step(double[] p, double[] grad) {
        if (m == null) {
          m = new double[p.length];
          v = new double[p.length];
          largest = new double[p.length];
        }
        t++;
        double[] g = decoupled ? grad : decayed(p, grad, weightDecay);
        for (int i = 0; i < p.length; i++) {
          if (decoupled) {
            p[i] -= lr * weightDecay * p[i];
          }
          m[i] = beta1 * m[i] + (1 - beta1) * g[i];
          v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
          double mHat = m[i] / (1 - Math.pow(beta1, t));
          largest[i] = Math.max(largest[i], v[i]);
          double vHat = (amsgrad ? largest[i] : v[i]) / (1 - Math.pow(beta2, t));
          p[i] -= lr * mHat / (Math.sqrt(vHat) + eps);
        }
      }
    };
  }

  /** torch.optim.RMSprop. */
  static Rule rmsprop(
      double lr, double alpha, double eps, double weightDecay, double momentum, boolean centered) {
    return new Rule() {
      private double[] square;
      private double[] mean;
      private double[] buffer;

      @Override
      public void step(double[] p, double[] grad) {
        if (square == null) {
          square = new double[p.length];
          mean = new double[p.length];
          buffer = new double[p.length];
        }
        double[] g = decayed(p, grad, weightDecay);
        for (int i = 0; i < p.length; i++) {
          square[i] = alpha * square[i] + (1 - alpha) * g[i] * g[i];
          double s = square[i];
          if (centered) {
            mean[i] = mean[i] * alpha + (1 - alpha) * g[i];
            s -= mean[i] * mean[i];
          }
          double quotient = g[i] / (Math.sqrt(s) + eps);
          if (momentum > 0) {
            buffer[i] = momentum * buffer[i] + quotient;
            quotient = buffer[i];
          }
          p[i] -= lr * quotient;
        }
      }
    };
  }

  private static double[] decayed(double[] p, double[] g, double weightDecay) {
    double[] out = g.clone();
    for (int i = 0; i < p.length; i++) {
      out[i] += weightDecay * p[i];
    }
    return out;
  }
}
