package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.View;
import dev.kiln.cpu.threads.WorkerPool;

/** Arithmetic of two FLOAT32 views, whatever their strides; the loops are plain enough for C2. */
final class Arithmetic {
  private Arithmetic() {}

  static void binary(WorkerPool pool, BinaryOp op, View out, View a, View b) {
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
            dense(op, y, at[0], p, at[1], q, at[2], n);
          } else if (right) {
            right(op, y, at[0], p, at[1], q[at[2]], n);
          } else if (left) {
            left(op, y, at[0], p[at[1]], q, at[2], n);
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
      case POW -> (float) StrictMath.pow(a, b);
      default -> throw new AssertionError(op);
    };
  }

  private static void dense(
      BinaryOp op, float[] y, int o, float[] a, int i, float[] b, int j, int n) {
    switch (op) {
      case ADD -> add(y, o, a, i, b, j, n);
      case SUB -> sub(y, o, a, i, b, j, n);
      case MUL -> mul(y, o, a, i, b, j, n);
      case DIV -> div(y, o, a, i, b, j, n);
      default -> {
        for (int e = 0; e < n; e++) {
          y[o + e] = one(op, a[i + e], b[j + e]);
        }
      }
    }
  }

  private static void add(float[] y, int o, float[] a, int i, float[] b, int j, int n) {
    for (int e = 0; e < n; e++) {
      y[o + e] = a[i + e] + b[j + e];
    }
  }

  private static void sub(float[] y, int o, float[] a, int i, float[] b, int j, int n) {
    for (int e = 0; e < n; e++) {
      y[o + e] = a[i + e] - b[j + e];
    }
  }

  private static void mul(float[] y, int o, float[] a, int i, float[] b, int j, int n) {
    for (int e = 0; e < n; e++) {
      y[o + e] = a[i + e] * b[j + e];
    }
  }

  private static void div(float[] y, int o, float[] a, int i, float[] b, int j, int n) {
    for (int e = 0; e < n; e++) {
      y[o + e] = a[i + e] / b[j + e];
    }
  }

  private static void right(BinaryOp op, float[] y, int o, float[] a, int i, float b, int n) {
    switch (op) {
      case ADD -> addScalar(y, o, a, i, b, n);
      case SUB -> addScalar(y, o, a, i, -b, n);
      case MUL -> mulScalar(y, o, a, i, b, n);
      case DIV -> divScalar(y, o, a, i, b, n);
      default -> {
        for (int e = 0; e < n; e++) {
          y[o + e] = one(op, a[i + e], b);
        }
      }
    }
  }

  private static void addScalar(float[] y, int o, float[] a, int i, float b, int n) {
    for (int e = 0; e < n; e++) {
      y[o + e] = a[i + e] + b;
    }
  }

  private static void mulScalar(float[] y, int o, float[] a, int i, float b, int n) {
    for (int e = 0; e < n; e++) {
      y[o + e] = a[i + e] * b;
    }
  }

  private static void divScalar(float[] y, int o, float[] a, int i, float b, int n) {
    for (int e = 0; e < n; e++) {
      y[o + e] = a[i + e] / b;
    }
  }

  private static void left(BinaryOp op, float[] y, int o, float a, float[] b, int j, int n) {
    switch (op) {
      case ADD -> addScalar(y, o, b, j, a, n);
      case MUL -> mulScalar(y, o, b, j, a, n);
      default -> {
        for (int e = 0; e < n; e++) {
          y[o + e] = one(op, a, b[j + e]);
        }
      }
    }
  }
}
