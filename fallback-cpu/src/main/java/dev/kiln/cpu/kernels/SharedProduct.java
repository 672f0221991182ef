package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.WorkerPool;

/**
 * A large product that the threads compute block by block: together they pack a block of right
 * panels once, for all rows, then take rows as they come.
 *
 * <p>The order of every sum is that of {@link TiledProduct#run}.
 */
record SharedProduct(
    WorkerPool pool,
    TileKernels tiles,
    LeftOperand left,
    RightOperand right,
    Destination out,
    Epilogue epilogue,
    float alpha,
    int m,
    int n,
    int depth) {
  /** Floats of a block: 8 MiB, in the third-level cache that the threads share. */
  private static final int BLOCK = 1 << 21;

  /** Row panels for each thread from which on the wait for the last one is short. */
  private static final int PANELS = 32;

  /** Multiply-adds of a block for each thread from which on two meetings of them take no time. */
  private static final long WORK = 1 << 26;

  /** Parts for each thread, so that one that was held up gives some to the others. */
  private static final int PARTS = 64;

  /** The same while they pack: few, so that a part reads long runs of B's rows. */
  private static final int PACKING_PARTS = 4;

  /** Row panels for each thread that are parts of their own. */
  private static final int SINGLES = 8;

  /** What has to be done to rows before they are added to. */
  interface Before {
    Before NOTHING = (from, to) -> {};

    void rows(int from, int to);
  }

  /** Whether a product has the rows and the work that make meetings of the threads worth it. */
  static boolean suits(TileKernels tiles, int m, int n, int depth, int threads) {
    int kc = TiledProduct.depthBlock(tiles, depth);
    long block = (long) m * Math.min(n, mostColumns(tiles, kc)) * kc;
    return threads > 1
        && divideUp(m, tiles.tileRows()) >= PANELS * threads
        && block >= WORK * threads;
  }

  private static int mostColumns(TileKernels tiles, int blockDepth) {
    return Math.max(tiles.tileColumns(), BLOCK / blockDepth);
  }

  /** Computes C, or adds to it what {@code before} leaves of it. */
  void run(boolean add, Before before) {
    int blockDepth = TiledProduct.depthBlock(tiles, depth);
    int blockColumns = TiledProduct.columnBlock(tiles, n, mostColumns(tiles, blockDepth));
    Lines panels = TiledProduct.panels(tiles, blockDepth, blockColumns);
    for (int k = 0; k < depth; k += blockDepth) {
      int kc = Math.min(blockDepth, depth - k);
      for (int j = 0; j < n; j += blockColumns) {
        int nc = Math.min(blockColumns, n - j);
        pack(panels, k, kc, j, nc);
        multiply(panels, k, kc, j, nc, add, k == 0 && j == 0 ? before : Before.NOTHING);
      }
    }
  }

  private void pack(Lines panels, int k, int kc, int j, int nc) {
    int nr = tiles.tileColumns();
    int count = divideUp(nc, nr);
    int parts = Math.min(count, PACKING_PARTS * pool.threads());
    pool.parallelFor(
        parts,
        part -> {
          int from = cut(count, parts, part) * nr;
          int to = Math.min(nc, cut(count, parts, part + 1) * nr);
          right.pack(tiles, k, kc, j + from, to - from, panels.array(), panels.at() + from * kc);
        });
  }

  /** Threads take groups of row panels as they come, at last single ones: they end together. */
  private void multiply(Lines panels, int k, int kc, int j, int nc, boolean add, Before before) {
    int count = divideUp(m, tiles.tileRows());
    int group = Math.max(TiledProduct.GROUP, count / (PARTS * pool.threads()));
    int groups = (count - SINGLES * pool.threads()) / group;
    Epilogue last = k + kc == depth ? epilogue : Epilogue.NONE;
    pool.parallelFor(
        groups + count - groups * group,
        part -> {
          int panel = part < groups ? part * group : groups * (group - 1) + part;
          int next = panel + (part < groups ? group : 1);
          int from = TiledProduct.panelStart(tiles, m, count, panel);
          int to = TiledProduct.panelStart(tiles, m, count, next);
          before.rows(from, to);
          TiledProduct.block(
              tiles, left, panels, out, last, alpha, add || k > 0, from, to, j, nc, k, kc);
        });
  }
}
