package dev.kiln.cpu;

import dev.kiln.DType;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.TileKernels;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.Arrays;

/** Fills and copies of FLOAT32 views, whatever their strides. */
final class Moves {
  private static final int BLOCK = 64;

  /** Elements of a piece for one thread, about. */
  private static final int PART = 16_384;

  private Moves() {}

  static boolean isFloat(View... views) {
    for (View v : views) {
      if (v.dtype() != DType.FLOAT32) {
        return false;
      }
    }
    return true;
  }

  static float[] floats(View v) {
    return CpuStorage.of(v).floats();
  }

  static void fill(WorkerPool pool, View out, float value) {
    float[] y = floats(out);
    Strided loops = Strided.of(out);
    int step = loops.step(0);
    loops.forEach(
        pool,
        (at, n) -> {
          if (step == 1) {
            Arrays.fill(y, at[0], at[0] + n, value);
          } else {
            for (int i = 0, o = at[0]; i < n; i++, o += step) {
              y[o] = value;
            }
          }
        });
  }

  static void copy(TileKernels tiles, WorkerPool pool, View out, View x) {
    float[] y = floats(out);
    float[] from = floats(x);
    Strided loops = Strided.of(out, x);
    int oy = loops.step(0);
    int ox = loops.step(1);
    if (oy == 1 && ox == 1) {
      loops.forEach(pool, (at, n) -> System.arraycopy(from, at[1], y, at[0], n));
      return;
    }
    int axis = loops.unitAxis(1);
    if (oy == 1 && ox != 0 && axis >= 0) {
      transpose(tiles, pool, loops, axis, y, from);
      return;
    }
    if (oy == 1 && ox == 0) {
      loops.forEach(pool, (at, n) -> Arrays.fill(y, at[0], at[0] + n, from[at[1]]));
      return;
    }
    loops.forEach(
        pool,
        (at, n) -> {
          int o = at[0];
          int s = at[1];
          for (int i = 0; i < n; i++, o += oy, s += ox) {
            y[o] = from[s];
          }
        });
  }

  /**
   * Whether views of one type have the same innermost runs side by side, or x repeats one value.
   */
  static boolean isRuns(View out, View x) {
    Strided loops = Strided.of(out, x);
    boolean longs = out.dtype() == DType.INT64;
    return loops.step(0) == 1 && (loops.step(1) == 1 || (longs && loops.step(1) == 0));
  }

  /** Copies views of any one type for which {@link #isRuns} holds. */
  static void copyRuns(WorkerPool pool, View out, View x) {
    Object y = CpuStorage.of(out).array();
    Object from = CpuStorage.of(x).array();
    Strided loops = Strided.of(out, x);
    boolean repeats = loops.step(1) == 0;
    loops.forEach(
        pool,
        (at, n) -> {
          if (repeats) {
            Arrays.fill((long[]) y, at[0], at[0] + n, ((long[]) from)[at[1]]);
          } else {
            System.arraycopy(from, at[1], y, at[0], n);
          }
        });
  }

  /** Copies plane by plane in square blocks, so that both sides stay in the cache. */
  private static void transpose(
      TileKernels tiles, WorkerPool pool, Strided loops, int axis, float[] y, float[] x) {
    int rows = loops.size(axis);
    int columns = loops.runLength();
    if (rows == 0 || columns == 0) {
      return;
    }
    int yRow = loops.step(0, axis);
    int xColumn = loops.step(1);
    int each = Math.max(1, PART / columns / BLOCK) * BLOCK;
    int parts = (rows + each - 1) / each;
    loops.forEachPlane(
        pool,
        axis,
        parts,
        (at, part) -> {
          int first = part * each;
          int last = Math.min(rows, first + each);
          if (columns < BLOCK / 4) {
            int to = at[0] + first * yRow;
            tiles.transpose(columns, last - first, x, at[1] + first, xColumn, y, to, yRow);
            return;
          }
          for (int r = first; r < last; r += BLOCK) {
            int n = Math.min(BLOCK, last - r);
            for (int c = 0; c < columns; c += BLOCK) {
              int m = Math.min(BLOCK, columns - c);
              int from = at[1] + r + c * xColumn;
              tiles.transpose(m, n, x, from, xColumn, y, at[0] + r * yRow + c, yRow);
            }
          }
        });
  }

  /** Converts UINT8 or BOOL to FLOAT32. */
  static void widen(WorkerPool pool, View out, View x) {
    float[] y = floats(out);
    byte[] from = CpuStorage.of(x).bytes8();
    Strided loops = Strided.of(out, x);
    int oy = loops.step(0);
    int ox = loops.step(1);
    loops.forEach(
        pool,
        (at, n) -> {
          int o = at[0];
          int s = at[1];
          for (int i = 0; i < n; i++, o += oy, s += ox) {
            y[o] = from[s] & 0xFF;
          }
        });
  }
}
