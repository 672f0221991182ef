package dev.kiln.cpu.kernels;

import dev.kiln.backend.OptimizerKind;
import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.WorkerPool;

/**
 * The optimizers' updates, each in one pass over parameters, gradients and state. The formulas are
 * PyTorch's; settings are combined in double before they meet the elements.
 */
public final class OptimizerSteps {
  private static final int PIECE_ELEMENTS = 16_384;
  private static final int LONG_PIECE = 131_072;

  private final SpanKernels spans;
  private final WorkerPool pool;

  /** Creates the driver over the given inner loops and threads. */
  public OptimizerSteps(SpanKernels spans, WorkerPool pool) {
    this.spans = spans;
    this.pool = pool;
  }

  /**
   * A stretch of a flat array.
   *
   * @param data the array
   * @param offset its first element
   * @param length its length; 0 where the rule's settings do not use it
   */
  public record Span(float[] data, int offset, int length) {}

  /**
   * Updates parameters by one step.
   *
   * @param kind the rule
   * @param p the parameters, changed in place
   * @param g their gradients
   * @param state the rule's state, as {@link OptimizerKind} lists it, changed in place
   * @param hyper the settings, as {@link OptimizerKind} lists them
   */
  public void step(OptimizerKind kind, Span p, Span g, Span[] state, double[] hyper) {
    if (hyper[OptimizerKind.GRAD_SCALE] == 0) {
      return;
    }
    int share = p.length() / (4 * pool.threads());
    int each = Math.max(PIECE_ELEMENTS, Math.min(LONG_PIECE, share));
    int pieces = TiledProduct.divideUp(p.length(), each);
    boolean adam = kind == OptimizerKind.ADAM || kind == OptimizerKind.ADAMW;
    double step = hyper[OptimizerKind.STEP];
    // Once a step and not once a piece: StrictMath.pow makes objects.
    double meanShare = adam ? 1 - StrictMath.pow(hyper[3], step) : 1;
    double squareShare = adam ? 1 - StrictMath.pow(hyper[4], step) : 1;
    pool.parallelFor(
        pieces,
        piece -> {
          int from = cut(p, piece, each);
          int n = cut(p, piece + 1, each) - from;
          switch (kind) {
            case SGD -> sgd(p, g, state[0], hyper, from, n);
            case ADAGRAD -> adagrad(p, g, state[0], hyper, from, n);
            case ADAM -> adam(p, g, state, hyper, meanShare, squareShare, from, n, false);
            case ADAMW -> adam(p, g, state, hyper, meanShare, squareShare, from, n, true);
            case RMSPROP -> rmsprop(p, g, state, hyper, from, n);
          }
        });
  }

  /** Where a piece begins: vectors of the parameters at lines of the cache. */
  private static int cut(Span p, int piece, int each) {
    long at = (long) piece * each;
    return at >= p.length()
        ? p.length()
        : piece == 0 ? 0 : Lines.floor(p.offset() + (int) at) - p.offset();
  }

  private void sgd(Span p, Span g, Span velocity, double[] h, int from, int n) {
    float lr = (float) h[OptimizerKind.LR];
    float scale = (float) h[OptimizerKind.GRAD_SCALE];
    float momentum = (float) h[3];
    float fresh = h[OptimizerKind.STEP] == 1 ? 1f : (float) (1 - h[4]);
    float decay = (float) h[5];
    if (velocity.length() == 0) {
      spans.sgd(p.data(), p.offset() + from, g.data(), g.offset() + from, n, scale, lr, decay);
    } else {
      spans.momentum(
          p.data(),
          p.offset() + from,
          g.data(),
          g.offset() + from,
          velocity.data(),
          velocity.offset() + from,
          n,
          scale,
          lr,
          decay,
          momentum,
          fresh,
          h[6] != 0 ? 1f : 0f,
          h[6] != 0 ? momentum : 1f);
    }
  }

  private static void adagrad(Span p, Span g, Span sum, double[] h, int from, int n) {
    float rate = (float) (h[OptimizerKind.LR] / (1 + (h[OptimizerKind.STEP] - 1) * h[3]));
    adagrad(
        p.data(),
        p.offset() + from,
        g.data(),
        g.offset() + from,
        sum.data(),
        sum.offset() + from,
        n,
        (float) h[OptimizerKind.GRAD_SCALE],
        rate,
        (float) h[4],
        (float) h[5]);
  }

  private static void adagrad(
      float[] p,
      int po,
      float[] g,
      int go,
      float[] s,
      int so,
      int n,
      float scale,
      float rate,
      float decay,
      float eps) {
    for (int i = 0; i < n; i++) {
      float w = p[po + i];
      float d = scale * g[go + i] + decay * w;
      float sum = s[so + i] + d * d;
      s[so + i] = sum;
      p[po + i] = w - rate * (d / ((float) Math.sqrt(sum) + eps));
    }
  }

  private void adam(
      Span p,
      Span g,
      Span[] state,
      double[] h,
      double meanShare,
      double squareShare,
      int from,
      int n,
      boolean decoupled) {
    double lr = h[OptimizerKind.LR];
    float rate = (float) (lr / meanShare);
    float correction = (float) (1 / Math.sqrt(squareShare));
    float decay = decoupled ? 0f : (float) h[6];
    float shrink = decoupled ? (float) (1 - lr * h[6]) : 1f;
    if (state[2].length() == 0) {
      spans.adam(
          p.data(),
          p.offset() + from,
          g.data(),
          g.offset() + from,
          state[0].data(),
          state[0].offset() + from,
          state[1].data(),
          state[1].offset() + from,
          n,
          (float) h[OptimizerKind.GRAD_SCALE],
          rate,
          correction,
          (float) (1 - h[3]),
          (float) h[4],
          (float) (1 - h[4]),
          (float) h[5],
          decay,
          shrink);
    } else {
      amsgrad(p, g, state, from, n, rate, correction, h, decay, shrink);
    }
  }

  private static void amsgrad(
      Span p,
      Span g,
      Span[] state,
      int from,
      int n,
      float rate,
      float correction,
      double[] h,
      float decay,
      float shrink) {
    float scale = (float) h[OptimizerKind.GRAD_SCALE];
    float freshMean = (float) (1 - h[3]);
    float keepSquare = (float) h[4];
    float freshSquare = (float) (1 - h[4]);
    float eps = (float) h[5];
    for (int i = from; i < from + n; i++) {
      float old = p.data()[p.offset() + i];
      float d = scale * g.data()[g.offset() + i] + decay * old;
      int at0 = state[0].offset() + i;
      int at1 = state[1].offset() + i;
      int at2 = state[2].offset() + i;
      float mean = state[0].data()[at0] + freshMean * (d - state[0].data()[at0]);
      float square = keepSquare * state[1].data()[at1] + freshSquare * (d * d);
      float largest = Math.max(state[2].data()[at2], square);
      state[0].data()[at0] = mean;
      state[1].data()[at1] = square;
      state[2].data()[at2] = largest;
      p.data()[p.offset() + i] =
          old * shrink - rate * (mean / ((float) Math.sqrt(largest) * correction + eps));
    }
  }

  private static void rmsprop(Span p, Span g, Span[] state, double[] h, int from, int n) {
    float lr = (float) h[OptimizerKind.LR];
    float scale = (float) h[OptimizerKind.GRAD_SCALE];
    float keep = (float) h[3];
    float fresh = (float) (1 - h[3]);
    float eps = (float) h[4];
    float decay = (float) h[5];
    float momentum = (float) h[6];
    boolean buffered = state[1].length() > 0;
    boolean centered = state[2].length() > 0;
    for (int i = from; i < from + n; i++) {
      float w = p.data()[p.offset() + i];
      float d = scale * g.data()[g.offset() + i] + decay * w;
      int at0 = state[0].offset() + i;
      float square = keep * state[0].data()[at0] + fresh * (d * d);
      state[0].data()[at0] = square;
      float variance = square;
      if (centered) {
        int at2 = state[2].offset() + i;
        float mean = state[2].data()[at2] + fresh * (d - state[2].data()[at2]);
        state[2].data()[at2] = mean;
        variance = square - mean * mean;
      }
      float direction = d / ((float) Math.sqrt(variance) + eps);
      if (buffered) {
        int at1 = state[1].offset() + i;
        direction = momentum * state[1].data()[at1] + direction;
        state[1].data()[at1] = direction;
      }
      p.data()[p.offset() + i] = w - lr * direction;
    }
  }
}
