package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.SpanKernels;
import dev.kiln.cpu.threads.WorkerPool;

/** Comparisons of floats: 1 where they hold, else 0. */
final class Comparison {
  private final SpanKernels spans;
  private final BinaryOp op;
  private final byte[] y;

  private Comparison(SpanKernels spans, BinaryOp op, byte[] y) {
    this.spans = spans;
    this.op = op;
    this.y = y;
  }

  static void run(SpanKernels spans, WorkerPool pool, BinaryOp op, View out, View a, View b) {
    Comparison of = new Comparison(spans, op, CpuStorage.of(out).bytes8());
    float[] p = floats(a);
    float[] q = floats(b);
    Strided loops = Strided.of(out, a, b);
    int oy = loops.step(0);
    int op1 = loops.step(1);
    int oq = loops.step(2);
    boolean logical = op == BinaryOp.AND || op == BinaryOp.OR;
    boolean dense = oy == 1 && Repeated.serves(op1) && Repeated.serves(oq) && !logical;
    loops.forEach(
        pool,
        (at, n) -> {
          if (!dense) {
            for (int e = 0; e < n; e++) {
              boolean holds = of.holds(p[at[1] + e * op1], q[at[2] + e * oq]);
              of.y[at[0] + e * oy] = (byte) (holds ? 1 : 0);
            }
            return;
          }
          float[] ones = op1 == 1 && oq == 1 ? p : Repeated.both(p[at[1]], q[at[2]], n);
          for (int e = 0; e < n; e += Repeated.PART) {
            of.span(
                at[0] + e,
                op1 == 1 ? p : ones,
                op1 == 1 ? at[1] + e : 0,
                oq == 1 ? q : ones,
                oq == 1 ? at[2] + e : Repeated.PART,
                Math.min(Repeated.PART, n - e));
          }
        });
  }

  private void span(int o, float[] a, int i, float[] b, int j, int n) {
    switch (op) {
      case EQ -> spans.equal(y, o, a, i, b, j, n);
      case NE -> spans.notEqual(y, o, a, i, b, j, n);
      case LT -> spans.greater(y, o, b, j, a, i, n);
      case LE -> spans.notLess(y, o, b, j, a, i, n);
      case GT -> spans.greater(y, o, a, i, b, j, n);
      case GE -> spans.notLess(y, o, a, i, b, j, n);
      default -> throw new AssertionError(op);
    }
  }

  private boolean holds(float a, float b) {
    return switch (op) {
      case EQ -> a == b;
      case NE -> a != b;
      case LT -> a < b;
      case LE -> a <= b;
      case GT -> a > b;
      case GE -> a >= b;
      case AND -> a != 0 && b != 0;
      case OR -> a != 0 || b != 0;
      default -> throw new AssertionError(op);
    };
  }
}
