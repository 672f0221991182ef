package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.SpanKernels;
import dev.kiln.cpu.threads.WorkerPool;

/** Choices between two views' floats by a third view's bytes. */
final class Where {
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
    boolean dense = oy == 1 && oc == 1 && Repeated.serves(op) && Repeated.serves(oq);
    loops.forEach(
        pool,
        (at, n) -> {
          if (!dense) {
            // Bits, since no processor predicts which element of a mask is set.
            for (int e = 0; e < n; e++) {
              int set = -(c[at[1] + e * oc] & 0xff) >> 31;
              int first = Float.floatToRawIntBits(p[at[2] + e * op]);
              int second = Float.floatToRawIntBits(q[at[3] + e * oq]);
              y[at[0] + e * oy] = Float.intBitsToFloat(first & set | second & ~set);
            }
            return;
          }
          float[] ones = op == 1 && oq == 1 ? p : Repeated.both(p[at[2]], q[at[3]], n);
          for (int e = 0; e < n; e += Repeated.PART) {
            spans.select(
                c,
                at[1] + e,
                y,
                at[0] + e,
                op == 1 ? p : ones,
                op == 1 ? at[2] + e : 0,
                oq == 1 ? q : ones,
                oq == 1 ? at[3] + e : Repeated.PART,
                Math.min(Repeated.PART, n - e));
          }
        });
  }
}
