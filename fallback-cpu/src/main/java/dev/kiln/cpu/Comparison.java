package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.SpanKernels;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/** Comparisons of floats: 1 where they hold, else 0. */
final class Comparison {
  /** Elements that are compared with one, which is repeated so often. */
  private static final int REPEATED = 1024;

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
    boolean dense = oy == 1 && op1 == 1 && !logical;
    loops.forEach(
        pool,
        (at, n) -> {
          if (dense && oq == 1) {
            of.span(at[0], p, at[1], q, at[2], n);
          } else if (dense && oq == 0) {
            of.withOne(at[0], p, at[1], q[at[2]], n);
          } else {
            for (int e = 0; e < n; e++) {
              boolean holds = of.holds(p[at[1] + e * op1], q[at[2] + e * oq]);
              of.y[at[0] + e * oy] = (byte) (holds ? 1 : 0);
            }
          }
        });
  }

  private void withOne(int o, float[] a, int i, float b, int n) {
    float[] all = Workspace.mine().floats(Workspace.Slot.TAIL, REPEATED);
    Arrays.fill(all, 0, REPEATED, b);
    for (int e = 0; e < n; e += REPEATED) {
      span(o + e, a, i + e, all, 0, Math.min(REPEATED, n - e));
    }
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
