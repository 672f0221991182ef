package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.backend.View;
import dev.kiln.cpu.threads.WorkerPool;

/** Gathering of dense FLOAT32 views, with every index checked before anything is written. */
final class Gather {
  private static final int PIECE_ELEMENTS = 16_384;

  private Gather() {}

  static void run(WorkerPool pool, View out, View x, View index, int axis) {
    int picked = (int) index.shape().dim(axis);
    int size = (int) x.shape().dim(axis);
    int inner = 1;
    for (int a = axis + 1; a < x.shape().rank(); a++) {
      inner *= (int) x.shape().dim(a);
    }
    if (out.numel() == 0) {
      return;
    }
    long[] at = CpuStorage.of(index).longs();
    int first = (int) index.offset();
    int all = (int) index.numel();
    check(pool, "gather", index, axis, size);
    float[] from = floats(x);
    float[] to = floats(out);
    int line = inner;
    int lines = all / line;
    int each = Math.max(1, PIECE_ELEMENTS / line);
    pool.parallelFor(
        (lines + each - 1) / each,
        piece -> {
          for (int i = piece * each; i < Math.min(lines, (piece + 1) * each); i++) {
            int source = (int) x.offset() + i / picked * size * line;
            int target = (int) out.offset() + i * line;
            int p = first + i * line;
            for (int j = 0; j < line; j++) {
              to[target + j] = from[source + (int) at[p + j] * line + j];
            }
          }
        });
  }

  /** Checks the indexes of a dense INT64 view. */
  static void check(WorkerPool pool, String op, View index, int axis, int size) {
    long[] at = CpuStorage.of(index).longs();
    int first = (int) index.offset();
    int all = (int) index.numel();
    pool.parallelFor(
        (all + PIECE_ELEMENTS - 1) / PIECE_ELEMENTS,
        piece -> {
          int end = Math.min(all, (piece + 1) * PIECE_ELEMENTS);
          for (int i = piece * PIECE_ELEMENTS; i < end; i++) {
            if (at[first + i] < 0 || at[first + i] >= size) {
              refuse(op, at, first, all, axis, size);
            }
          }
        });
  }

  /** Names the first wrong index, whichever piece met one first. */
  private static void refuse(String op, long[] index, int first, int all, int axis, int size) {
    for (int i = 0; i < all; i++) {
      long v = index[first + i];
      if (v < 0 || v >= size) {
        throw Indexing.outside(op, v, i, axis, size);
      }
    }
  }
}
