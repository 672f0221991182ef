package dev.kiln.cpu;

import dev.kiln.backend.View;
import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.WorkerPool;

/**
 * The loops over views of one shape: axes of size 1 dropped and neighbours merged where every view
 * allows it, so that the innermost loop is as long as it can be.
 */
final class Strided {
  private static final int SERIAL_ELEMENTS = 32_768;
  private static final int PIECE_ELEMENTS = 16_384;

  /** So long a stretch of memory keeps the processor's prefetching on its way. */
  private static final int LONG_PIECE = 131_072;

  private final int rank;
  private final int[] sizes;
  private final int[][] steps;
  private final int[] starts;

  private Strided(int rank, int[] sizes, int[][] steps, int[] starts) {
    this.rank = rank;
    this.sizes = sizes;
    this.steps = steps;
    this.starts = starts;
  }

  /** A body that handles one innermost run. */
  @FunctionalInterface
  interface Run {
    /**
     * Handles {@code n} elements.
     *
     * @param at where each view's first element stands; not to be kept or changed
     * @param n how many elements follow, each {@link #step} apart
     */
    void at(int[] at, int n);
  }

  /** Merges the axes of views of one shape. */
  static Strided of(View... views) {
    int axes = views[0].shape().rank();
    int[] sizes = new int[axes];
    int[][] steps = new int[views.length][axes];
    int[] starts = new int[views.length];
    for (int v = 0; v < views.length; v++) {
      starts[v] = (int) views[v].offset();
    }
    int rank = 0;
    for (int a = 0; a < axes; a++) {
      int size = (int) views[0].shape().dim(a);
      if (size == 1) {
        continue;
      }
      boolean merges = rank > 0;
      for (int v = 0; merges && v < views.length; v++) {
        merges = steps[v][rank - 1] == views[v].stride(a) * size;
      }
      if (merges) {
        rank--;
        size *= sizes[rank];
      }
      sizes[rank] = size;
      for (int v = 0; v < views.length; v++) {
        steps[v][rank] = (int) views[v].stride(a);
      }
      rank++;
    }
    return new Strided(rank, sizes, steps, starts);
  }

  /** The distance between two elements of a view in an innermost run. */
  int step(int view) {
    return rank == 0 ? 1 : steps[view][rank - 1];
  }

  /** The length of an innermost run. */
  int runLength() {
    return rank == 0 ? 1 : sizes[rank - 1];
  }

  private int runs() {
    int n = 1;
    for (int i = 0; i < rank - 1; i++) {
      n *= sizes[i];
    }
    return n;
  }

  /** Runs the body over all elements, in pieces on the pool's threads. */
  void forEach(WorkerPool pool, Run body) {
    int runs = runs();
    int length = runLength();
    long all = (long) runs * length;
    if (all == 0) {
      return;
    }
    if (all <= SERIAL_ELEMENTS) {
      walk(0, runs, 0, length, body);
    } else if (runs == 1) {
      int share = length / (8 * pool.threads());
      int each = Math.max(PIECE_ELEMENTS, Math.min(LONG_PIECE, share));
      int pieces = (length + each - 1) / each;
      pool.parallelFor(pieces, p -> walk(0, 1, cut(p, each), cut(p + 1, each), body));
    } else {
      int each = Math.max(1, PIECE_ELEMENTS / length);
      pool.parallelFor(
          (runs + each - 1) / each,
          p -> walk(p * each, Math.min(runs, (p + 1) * each), 0, length, body));
    }
  }

  /** Where piece {@code p} of the only run begins: vectors of the first view at lines. */
  private int cut(int p, int each) {
    long at = (long) p * each;
    return at >= runLength()
        ? runLength()
        : p == 0 ? 0 : Lines.floor(starts[0] + (int) at) - starts[0];
  }

  private void walk(int firstRun, int lastRun, int from, int to, Run body) {
    int[] index = new int[Math.max(1, rank - 1)];
    int[] at = starts.clone();
    int rest = firstRun;
    for (int a = rank - 2; a >= 0; a--) {
      index[a] = rest % sizes[a];
      rest /= sizes[a];
      for (int v = 0; v < at.length; v++) {
        at[v] += index[a] * steps[v][a];
      }
    }
    for (int v = 0; v < at.length; v++) {
      at[v] += from * step(v);
    }
    for (int run = firstRun; run < lastRun; run++) {
      body.at(at, to - from);
      advance(index, at);
    }
  }

  private void advance(int[] index, int[] at) {
    for (int a = rank - 2; a >= 0; a--) {
      index[a]++;
      boolean carry = index[a] == sizes[a];
      for (int v = 0; v < at.length; v++) {
        at[v] += carry ? steps[v][a] * (1 - index[a]) : steps[v][a];
      }
      if (!carry) {
        return;
      }
      index[a] = 0;
    }
  }

  /**
   * Finds an axis along which a view steps by 1, other than the innermost.
   *
   * @return its position, or -1
   */
  int unitAxis(int view) {
    for (int a = 0; a < rank - 1; a++) {
      if (steps[view][a] == 1 && sizes[a] > 1) {
        return a;
      }
    }
    return -1;
  }

  /** A body that handles a part of a plane: the innermost axis and one other. */
  @FunctionalInterface
  interface Plane {
    /**
     * Handles a plane.
     *
     * @param at where each view's first element stands
     * @param part which part of the plane
     */
    void at(int[] at, int part);
  }

  /** Runs the body over all parts of the planes of the innermost axis and another. */
  void forEachPlane(WorkerPool pool, int axis, int parts, Plane body) {
    int[] outer = new int[Math.max(0, rank - 2)];
    int n = 0;
    int planes = 1;
    for (int a = 0; a < rank - 1; a++) {
      if (a != axis) {
        outer[n++] = a;
        planes *= sizes[a];
      }
    }
    if (planes == 0 || sizes[axis] == 0 || runLength() == 0) {
      return;
    }
    pool.parallelFor(
        planes * parts,
        p -> {
          int[] at = starts.clone();
          int rest = p / parts;
          for (int i = outer.length - 1; i >= 0; i--) {
            int index = rest % sizes[outer[i]];
            rest /= sizes[outer[i]];
            for (int v = 0; v < at.length; v++) {
              at[v] += index * steps[v][outer[i]];
            }
          }
          body.at(at, p % parts);
        });
  }

  /** The size of an axis. */
  int size(int axis) {
    return sizes[axis];
  }

  /** The distance between two elements of a view along an axis. */
  int step(int view, int axis) {
    return steps[view][axis];
  }
}
