package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.backend.View;
import dev.kiln.cpu.threads.WorkerPool;

/**
 * Adds dense FLOAT32 elements into places along an axis, with every index checked before anything
 * is written. A place's elements are added in ascending order by one thread, so sums have the same
 * bits for any number of threads.
 */
final class Scatter {
  private static final int COLUMNS = 64;
  private static final int LITTLE = 16_384;

  private Scatter() {}

  static void add(WorkerPool pool, View out, View src, View index, int axis) {
    int picked = (int) index.shape().dim(axis);
    int size = (int) out.shape().dim(axis);
    int all = (int) index.numel();
    if (all == 0) {
      return;
    }
    Gather.check(pool, "scatter_add", index, axis, size);
    int inner = 1;
    for (int a = axis + 1; a < out.shape().rank(); a++) {
      inner *= (int) out.shape().dim(a);
    }
    int outer = all / picked / inner;
    int width = inner;
    Block block =
        new Block(
            floats(out),
            (int) out.offset(),
            floats(src),
            (int) src.offset(),
            CpuStorage.of(index).longs(),
            (int) index.offset(),
            picked,
            size,
            inner);
    int columns = (width + COLUMNS - 1) / COLUMNS;
    if (all <= LITTLE) {
      block.addAll(outer);
    } else if (outer * columns > 1) {
      pool.parallelFor(
          outer * columns,
          piece -> {
            int from = piece % columns * COLUMNS;
            block.add(piece / columns, from, Math.min(width, from + COLUMNS), 0, size);
          });
    } else {
      int parts = Math.min(size, pool.threads());
      pool.parallelFor(
          parts,
          part ->
              block.add(
                  0,
                  0,
                  width,
                  (int) ((long) size * part / parts),
                  (int) ((long) size * (part + 1) / parts)));
    }
  }

  /** The operands as [outer, picked or size, inner]. */
  private record Block(
      float[] y,
      int yo,
      float[] x,
      int xo,
      long[] index,
      int first,
      int picked,
      int size,
      int inner) {

    void addAll(int outer) {
      for (int o = 0; o < outer; o++) {
        add(o, 0, inner, 0, size);
      }
    }

    /** Adds columns {@code from .. to} whose places are in {@code low .. high}. */
    void add(int o, int from, int to, int low, int high) {
      int base = yo + o * size * inner;
      for (int k = 0; k < picked; k++) {
        int row = (o * picked + k) * inner;
        for (int j = from; j < to; j++) {
          int place = (int) index[first + row + j];
          if (place >= low && place < high) {
            y[base + place * inner + j] += x[xo + row + j];
          }
        }
      }
    }
  }
}
