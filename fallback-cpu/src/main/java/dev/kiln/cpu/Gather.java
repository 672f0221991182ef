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
    int inner = inner(x, axis);
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

  /** Copies slices along an axis. */
  static void slices(WorkerPool pool, View out, View x, View index, int axis) {
    int picked = (int) index.numel();
    int size = (int) x.shape().dim(axis);
    int inner = inner(x, axis);
    if (out.numel() == 0) {
      return;
    }
    long[] at = CpuStorage.of(index).longs();
    int first = (int) index.offset();
    check(pool, "gather", index, inner, axis, size);
    float[] from = floats(x);
    float[] to = floats(out);
    int lines = (int) (out.numel() / inner);
    int each = Math.max(1, PIECE_ELEMENTS / inner);
    pool.parallelFor(
        (lines + each - 1) / each,
        piece -> {
          int line = piece * each;
          int last = Math.min(lines, line + each);
          while (line < last) {
            int row = line / picked;
            int pick = first + line % picked;
            int n = Math.min(last - line, picked - line % picked);
            int source = (int) x.offset() + row * size * inner;
            int target = (int) out.offset() + line * inner;
            if (inner == 1) { // a call would cost more than the element
              for (int i = 0; i < n; i++) {
                to[target + i] = from[source + (int) at[pick + i]];
              }
            } else {
              for (int i = 0; i < n; i++) {
                int slice = source + (int) at[pick + i] * inner;
                System.arraycopy(from, slice, to, target + i * inner, inner);
              }
            }
            line += n;
          }
        });
  }

  /** The elements of a slice of one place of an axis. */
  static int inner(View x, int axis) {
    int inner = 1;
    for (int a = axis + 1; a < x.shape().rank(); a++) {
      inner *= (int) x.shape().dim(a);
    }
    return inner;
  }

  /** Checks the indexes of a dense INT64 view. */
  static void check(WorkerPool pool, String op, View index, int axis, int size) {
    check(pool, op, index, 1, axis, size);
  }

  /**
   * Checks the indexes of a dense INT64 view.
   *
   * @param share the elements that share an index; a position is that of the first of them
   */
  static void check(WorkerPool pool, String op, View index, int share, int axis, int size) {
    long[] at = CpuStorage.of(index).longs();
    int first = (int) index.offset();
    int all = (int) index.numel();
    pool.parallelFor(
        (all + PIECE_ELEMENTS - 1) / PIECE_ELEMENTS,
        piece -> {
          int end = Math.min(all, (piece + 1) * PIECE_ELEMENTS);
          for (int i = piece * PIECE_ELEMENTS; i < end; i++) {
            if (at[first + i] < 0 || at[first + i] >= size) {
              refuse(op, at, first, all, share, axis, size);
            }
          }
        });
  }

  /** Names the first wrong index, whichever piece met one first. */
  private static void refuse(
      String op, long[] index, int first, int all, int share, int axis, int size) {
    for (int i = 0; i < all; i++) {
      long v = index[first + i];
      if (v < 0 || v >= size) {
        throw Indexing.outside(op, v, (long) i * share, axis, size);
      }
    }
  }
}
