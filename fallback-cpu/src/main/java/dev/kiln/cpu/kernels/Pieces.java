package dev.kiln.cpu.kernels;

import dev.kiln.cpu.threads.WorkerPool;
import java.util.function.IntConsumer;

/** Cuts ranges into pieces of a fixed size and runs them on the pool when there is enough to do. */
final class Pieces {
  /** Elements of cheap work that one piece should hold. */
  static final int GRAIN = 16_384;

  /** Multiply-adds of a product or a convolution that are too few to wake other threads for. */
  static final long SERIAL_WORK = 250_000;

  private Pieces() {}

  /** What to do with {@code from .. to}. */
  interface Range {
    void run(int from, int to);
  }

  /** Runs pieces {@code 0 .. pieces} of some multiply-adds. */
  static void work(WorkerPool pool, long multiplyAdds, int pieces, IntConsumer body) {
    if (multiplyAdds < SERIAL_WORK) {
      for (int i = 0; i < pieces; i++) {
        body.accept(i);
      }
    } else {
      pool.parallelFor(pieces, body);
    }
  }

  /** Runs over {@code 0 .. n} in pieces of {@code grain}. */
  static void ranges(WorkerPool pool, int n, int grain, Range body) {
    if (n <= 0) {
      return;
    }
    int size = Math.max(1, grain);
    int pieces = TiledProduct.divideUp(n, size);
    if (pieces <= 1) {
      body.run(0, n);
      return;
    }
    pool.parallelFor(pieces, i -> body.run(i * size, (int) Math.min(n, (i + 1L) * size)));
  }

  /**
   * Runs over {@code rows} rows of {@code n} elements, so many rows a piece as fill a grain;
   * several where there are many, since long stretches of memory suit the processor's prefetching.
   */
  static void rows(WorkerPool pool, int rows, int n, Range body) {
    long share = (long) rows * n / (8L * pool.threads());
    int elements = (int) Math.max(GRAIN, Math.min(8 * GRAIN, share));
    ranges(pool, rows, elements / Math.max(1, n), body);
  }
}
