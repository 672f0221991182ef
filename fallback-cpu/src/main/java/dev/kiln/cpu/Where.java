package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.SpanKernels;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/** Choices between two views' floats by a third view's bytes. */
final class Where {
  /** Elements of one call: so often one that is chosen again and again is repeated. */
  private static final int PART = 1024;

  private Where() {}

  static void run(SpanKernels spans, WorkerPool pool, View out, View condition, View a, View b) {
    float[] y = floats(out);
    byte[] c = CpuStorage.of(condition).bytes8();
    float[] p = floats(a);
    float[] q = floats(b);
    Strided loops = Strided.of(out, condition, a, b);
    int oy = loops.step(0);
    int oc = loops.step(1);
    int op = loops.step(2);
    int oq = loops.step(3);
    boolean dense = oy == 1 && oc == 1 && op >= 0 && op <= 1 && oq >= 0 && oq <= 1;
    loops.forEach(
        pool,
        (at, n) -> {
          if (!dense) {
            for (int e = 0; e < n; e++) {
              boolean first = c[at[1] + e * oc] != 0;
              y[at[0] + e * oy] = first ? p[at[2] + e * op] : q[at[3] + e * oq];
            }
            return;
          }
          float[] ones = op == 1 && oq == 1 ? p : repeated(p[at[2]], q[at[3]]);
          for (int e = 0; e < n; e += PART) {
            int part = Math.min(PART, n - e);
            spans.select(
                c,
                at[1] + e,
                y,
                at[0] + e,
                op == 1 ? p : ones,
                op == 1 ? at[2] + e : 0,
                oq == 1 ? q : ones,
                oq == 1 ? at[3] + e : PART,
                part);
          }
        });
  }

  private static float[] repeated(float a, float b) {
    float[] both = Workspace.mine().floats(Workspace.Slot.TAIL, 2 * PART);
    Arrays.fill(both, 0, PART, a);
    Arrays.fill(both, PART, 2 * PART, b);
    return both;
  }
}
