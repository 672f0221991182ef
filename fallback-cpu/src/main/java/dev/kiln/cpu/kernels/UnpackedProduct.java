package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;

import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/** Products of one panel of rows: B would be packed for a single use, so it is read where it is. */
final class UnpackedProduct {
  /** Elements of a B that comes from memory, 16 MiB. */
  private static final long LARGE = 1 << 22;

  /** Up to so many rows of A, a large B takes longer to come than the work on it. */
  private static final int FEW_ROWS = 8;

  /** Rows of a multiple of so many elements share few sets of the first-level cache. */
  private static final int ALIASED_COLUMNS = 128;

  /** Columns of a pass, so that the rows of B that it takes stay in the first-level cache. */
  private static final int PASS_COLUMNS = 512;

  private final TileKernels tiles;
  private final WorkerPool pool;

  UnpackedProduct(TileKernels tiles, WorkerPool pool) {
    this.tiles = tiles;
    this.pool = pool;
  }

  void run(Product t, int pieces) {
    int nr = tiles.tileColumns();
    int whole = t.n() / nr;
    int parts = Math.max(1, Math.min(whole, pieces));
    pool.parallelFor(
        parts,
        piece -> {
          int n0 = cut(whole, parts, piece) * nr;
          int n1 = cut(whole, parts, piece + 1) * nr;
          int end = piece == parts - 1 ? t.n() : n1;
          t.prescale(0, t.m(), n0, end);
          wholeTiles(t, n0, n1);
          TiledProduct.run(
              tiles,
              t.left(),
              t.right(),
              t.out(),
              t.epilogue(),
              t.alpha(),
              t.adds(),
              0,
              t.m(),
              n1,
              end,
              t.k());
        });
  }

  /** Columns n0 .. n1, which whole tiles cover. */
  private void wholeTiles(Product t, int n0, int n1) {
    if (n0 == n1) {
      return;
    }
    boolean byRows = !t.ta() && readsRows(t);
    LeftOperand left = t.left();
    int block = TiledProduct.depthBlock(tiles, t.k());
    float[] panel = Workspace.mine().floats(Workspace.Slot.LEFT, tiles.leftSize());
    for (int k = 0; k < t.k(); k += block) {
      int depth = Math.min(block, t.k() - k);
      left.pack(tiles, 0, t.m(), k, depth, panel, 0);
      if (t.alpha() != 1f) {
        TiledProduct.scale(tiles, left.interleaved(), t.m(), depth, panel, 0, t.alpha());
      }
      boolean add = t.adds() || k > 0;
      int done = byRows ? addRows(t, add, panel, k, depth, n0, n1) : 0;
      if (done < depth) {
        boolean more = add || done > 0;
        runTiles(t, left.interleaved(), more, panel, done, k + done, depth - done, n0, n1);
      }
    }
    if (!t.epilogue().isNone()) {
      t.epilogue().apply(tiles, 0, t.m(), n0, n1 - n0, t.c(), t.co() + n0, t.ldc());
    }
  }

  /**
   * Whether B is read along a few rows at a time, by which memory gives more than twice as much.
   * From the caches tiles come as fast, unless rows lie so far apart that a column of tiles falls
   * into few sets of the first-level cache.
   */
  private boolean readsRows(Product t) {
    long size = (long) t.n() * t.k();
    if (size >= LARGE) {
      return t.m() <= FEW_ROWS;
    }
    return t.m() == 1 && t.n() % ALIASED_COLUMNS == 0 && size >= tiles.addedFrom();
  }

  /**
   * Sets or adds the products with whole groups of rows of B; how many rows those are. They are
   * summed by themselves, since one sum over all blocks would round too often.
   */
  private int addRows(Product t, boolean add, float[] panel, int k, int depth, int n0, int n1) {
    int step = TileKernels.ADDED_ROWS;
    int whole = depth / step * step;
    if (whole == 0) {
      return 0;
    }
    int columns = n1 - n0;
    float[] sums = Workspace.mine().floats(Workspace.Slot.LAYOUT, (long) t.m() * columns);
    Arrays.fill(sums, 0, t.m() * columns, 0f);
    for (int r = 0; r < whole; r += step) {
      int row = t.bo() + (k + r) * t.ldb() + n0;
      for (int j = 0; j < columns; j += PASS_COLUMNS) {
        int width = Math.min(PASS_COLUMNS, columns - j);
        for (int i = 0; i < t.m(); i++) {
          int a = i * tiles.rowStride() + r;
          tiles.addRows(width, panel, a, t.b(), row + j, t.ldb(), sums, i * columns + j);
        }
      }
    }
    for (int i = 0; i < t.m(); i++) {
      int c = t.co() + i * t.ldc() + n0;
      if (add) {
        for (int j = 0; j < columns; j++) {
          t.c()[c + j] += sums[i * columns + j];
        }
      } else {
        System.arraycopy(sums, i * columns, t.c(), c, columns);
      }
    }
    return whole;
  }

  private void runTiles(
      Product t,
      boolean interleaved,
      boolean add,
      float[] panel,
      int from,
      int k,
      int depth,
      int n0,
      int n1) {
    int nr = tiles.tileColumns();
    for (int j = n0; j < n1; j += nr) {
      int b = t.bo() + k * t.ldb() + j;
      int c = t.co() + j;
      if (interleaved) {
        tiles.interleavedTile(
            t.m(), nr, add, depth, panel, from, t.b(), b, t.ldb(), t.c(), c, t.ldc());
      } else {
        tiles.rowTile(t.m(), nr, add, depth, panel, from, t.b(), b, t.ldb(), t.c(), c, t.ldc());
      }
    }
  }
}
