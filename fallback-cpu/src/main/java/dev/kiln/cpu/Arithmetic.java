package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.Powers;
import dev.kiln.cpu.kernels.SpanKernels;
import dev.kiln.cpu.threads.WorkerPool;

/** Arithmetic of two FLOAT32 views, whatever their strides. */
final class Arithmetic {
  private Arithmetic() {}

  static void binary(SpanKernels spans, WorkerPool pool, BinaryOp op, View out, View a, View b) {
    float[] y = floats(out);
    float[] p = floats(a);
    float[] q = floats(b);
    Strided loops = Strided.of(out, a, b);
    int so = loops.step(0);
    int sa = loops.step(1);
    int sb = loops.step(2);
    boolean dense = so == 1 && sa == 1 && sb == 1;
    boolean right = so == 1 && sa == 1 && sb == 0;
    boolean left = so == 1 && sa == 0 && sb == 1;
    loops.forEach(
        pool,
        (at, n) -> {
          if (dense) {
            dense(spans, op, y, at[0], p, at[1], q, at[2], n);
          } else if (right) {
            right(spans, op, y, at[0], p, at[1], q[at[2]], n);
          } else if (left) {
            left(spans, op, y, at[0], p[at[1]], q, at[2], n);
          } else {
            int o = at[0];
            int i = at[1];
            int j = at[2];
            for (int e = 0; e < n; e++, o += so, i += sa, j += sb) {
              y[o] = one(op, p[i], q[j]);
            }
          }
        });
  }

  private static float one(BinaryOp op, float a, float b) {
    return switch (op) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
      case FLOOR_DIV -> (float) Division.floor(a, b);
      case FMOD -> a % b;
      case REMAINDER -> (float) Division.remainder(a, b);
      case ATAN2 -> (float) StrictMath.atan2(a, b);
      case HYPOT -> (float) StrictMath.hypot(a, b);
      case MAXIMUM -> Math.max(a, b);
      case MINIMUM -> Math.min(a, b);
      case POW -> (float) Powers.pow(a, b);
      default -> throw new AssertionError(op);
    };
  }

  private static void dense(
      SpanKernels spans, BinaryOp op, float[] y, int o, float[] a, int i, float[] b, int j, int n) {
    switch (op) {
      case ADD -> spans.add(y, o, a, i, b, j, n);
      case SUB -> spans.subtract(y, o, a, i, b, j, n);
      case MUL -> spans.multiply(y, o, a, i, b, j, n);
      case DIV -> spans.divide(y, o, a, i, b, j, n);
      default -> {
        for (int e = 0; e < n; e++) {
          y[o + e] = one(op, a[i + e], b[j + e]);
        }
      }
    }
  }

  private static void right(
      SpanKernels spans, BinaryOp op, float[] y, int o, float[] a, int i, float b, int n) {
    switch (op) {
      case ADD -> spans.add(y, o, a, i, b, n);
      case SUB -> spans.add(y, o, a, i, -b, n);
      case MUL -> spans.multiply(y, o, a, i, b, n);
      case DIV -> spans.divide(y, o, a, i, b, n);
      default -> {
        for (int e = 0; e < n; e++) {
          y[o + e] = one(op, a[i + e], b);
        }
      }
    }
  }

  private static void left(
      SpanKernels spans, BinaryOp op, float[] y, int o, float a, float[] b, int j, int n) {
    switch (op) {
      case ADD -> spans.add(y, o, b, j, a, n);
      case MUL -> spans.multiply(y, o, b, j, a, n);
      default -> {
        for (int e = 0; e < n; e++) {
          y[o + e] = one(op, a, b[j + e]);
        }
      }
    }
  }
}
