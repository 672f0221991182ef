package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.SpanKernels;
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

  /** Adds slices along an axis; as in {@link #add}, a place belongs to one thread. */
  static void slices(SpanKernels spans, WorkerPool pool, View out, View src, View index, int axis) {
    int picked = (int) index.numel();
    int size = (int) out.shape().dim(axis);
    if (src.numel() == 0) {
      return;
    }
    int inner = Gather.inner(out, axis);
    Gather.check(pool, "scatter_add", index, inner, axis, size);
    long[] at = CpuStorage.of(index).longs();
    int first = (int) index.offset();
    float[] y = floats(out);
    float[] x = floats(src);
    int outer = (int) (src.numel() / picked / inner);
    int parts = src.numel() <= LITTLE || outer > 1 ? 1 : Math.min(size, 4 * pool.threads());
    int all = outer * parts;
    int each = (int) Math.max(1, (long) LITTLE * parts / picked / inner);
    pool.parallelFor(
        (all + each - 1) / each,
        group -> {
          for (int piece = group * each; piece < Math.min(all, (group + 1) * each); piece++) {
            int o = piece / parts;
            long low = (long) size * (piece % parts) / parts;
            long high = (long) size * (piece % parts + 1) / parts;
            int to = (int) out.offset() + o * size * inner;
            int from = (int) src.offset() + o * picked * inner;
            if (inner == 1 && parts == 1) { // a call would cost more than the element
              for (int j = 0; j < picked; j++) {
                y[to + (int) at[first + j]] += x[from + j];
              }
              continue;
            }
            for (int j = 0; j < picked; j++) {
              long place = at[first + j];
              if (place >= low && place < high) {
                int row = to + (int) place * inner;
                spans.add(y, row, y, row, x, from + j * inner, inner);
              }
            }
          }
        });
  }

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
