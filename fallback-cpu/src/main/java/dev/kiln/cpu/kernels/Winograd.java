package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import dev.kiln.cpu.threads.Workspace.Slot;

/**
 * 3x3 and 5x5 convolutions with few multiplications: F(4x4, 3x3) and F(2x2, 5x5) of Winograd's
 * minimal filters (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015), which
 * need a quarter and 0.36 of the direct way's.
 *
 * <p>Tiles of 4x4 or 2x2 output pixels see patches of 6x6 input pixels. Patches V and filters U are
 * transformed to 36 coefficients each, every coefficient is a small matrix product over the
 * channels, and the 36 products M of a tile are transformed back. In here channels lie side by
 * side, so the transforms run on vectors of channels whatever the image's width.
 *
 * <p>The error is about twice that of the direct sum: against float64, with unit normal inputs and
 * filters, 64 channels and 3x3 filters, 0.80e-6 of the output's standard deviation (rms) beside
 * 0.43e-6; 32 channels and 5x5 filters, 0.72e-6 beside 0.50e-6. A pixel that is not finite would
 * spoil its whole tile; {@link SpoiledTile} then sums up directly what does not have it. The bits
 * of a result depend on the shape alone, not on threads.
 */
final class Winograd {
  static final int PATCH = 6;
  static final int POSITIONS = PATCH * PATCH;

  /**
   * Floats of a cache line. Positions are so much more than their size apart: else, sizes being
   * round numbers, the 36 coefficients of a tile would share one set of the cache.
   */
  static final int LINE = 16;

  private final TileKernels tiles;
  private final WinogradKernels kernels;
  private final WorkerPool pool;

  Winograd(TileKernels tiles, WinogradKernels kernels, WorkerPool pool) {
    this.tiles = tiles;
    this.kernels = kernels;
    this.pool = pool;
  }

  /** Whether a convolution can be done this way and is quicker so. */
  static boolean suits(ConvShape s) {
    if ((s.kernelH() != 3 && s.kernelH() != 5)
        || s.kernelW() != s.kernelH()
        || !s.unitStride()
        || s.spec().dilationH() != 1
        || s.spec().dilationW() != 1
        || s.groups() != 1
        || s.channels() < 16
        || s.filters() < 16) {
      return false;
    }
    long pairs = (long) s.channels() * s.filters();
    if (pairs * POSITIONS > Integer.MAX_VALUE / 2) {
      return false; // one array holds all transformed filters
    }
    // In multiplications, as the direct way has them: the products, then what the transforms of
    // filters and tiles take of the time of so many.
    long count = new WinogradGrid(s).count();
    long here =
        count * pairs * POSITIONS
            + pairs * 56 * s.area()
            + count * (s.channels() + s.filters()) * 1000L;
    return here < s.work();
  }

  /**
   * Computes y = convolution of x with w.
   *
   * @param turned whether w holds the filters of the convolution whose input gradient this is: with
   *     input and output channels exchanged, and turned by 180 degrees
   * @param epilogue what happens to y on its way, rows being filters
   */
  void forward(
      ConvShape s,
      float[] x,
      int xOffset,
      float[] w,
      int wOffset,
      boolean turned,
      Epilogue epilogue,
      float[] y,
      int yOffset) {
    WinogradGrid grid = new WinogradGrid(s);
    int blocks = grid.blocks(WinogradBlock.TILES);
    int panels = divideUp(s.filters(), tiles.tileColumns());
    WinogradFilters filters =
        new WinogradFilters(tiles, kernels, pool, s, w, wOffset, turned, panels, blocks == 1);
    Lines prepared = filters.prepare();
    int parts = blocks >= pool.threads() ? 1 : Math.min(panels, divideUp(pool.threads(), blocks));
    pool.parallelFor(
        blocks * parts,
        piece -> {
          int first = grid.begin(blocks, piece / parts);
          int count = grid.begin(blocks, piece / parts + 1) - first;
          int p0 = cut(panels, parts, piece % parts);
          int p1 = cut(panels, parts, piece % parts + 1);
          WinogradBlock block = new WinogradBlock(tiles, kernels, grid, first, count);
          Lines v = block.patches(x, xOffset);
          int group =
              filters.usedOnce ? 1 : Math.max(1, WinogradBlock.COLUMNS / tiles.tileColumns());
          for (int p = p0; p < p1; p += group) {
            int n = Math.min(group, p1 - p);
            Lines m = block.products(v, prepared, filters, p, n);
            // What is not finite spoils a tile in all filters, so one tells.
            block.store(m, p, n, p == p0, epilogue, y, yOffset);
          }
          if (block.spoiled.length > 0) {
            SpoiledTile tile =
                new SpoiledTile(s, x, xOffset, w, wOffset, turned, epilogue, y, yOffset);
            int width = tiles.tileColumns();
            block.mend(tile, p0 * width, Math.min(p1 * width, s.filters()));
          }
        });
  }

  /** Computes dw, the gradient of the filters, from dy and x. */
  void gradWeight(
      ConvShape s, float[] dy, int dyOffset, float[] x, int xOffset, float[] dw, int dwOffset) {
    WinogradGradient gradient =
        new WinogradGradient(tiles, kernels, pool, s, dy, dyOffset, x, xOffset);
    if (gradient.parts == 1 && gradient.rounds == 1) {
      gradient.blocks(dw, dwOffset);
      return;
    }
    Lines du =
        Workspace.mine().lines(Slot.WINOGRAD_FILTERS, (long) gradient.parts * gradient.size());
    // A part's own loops run on one thread, unless it is the only one.
    pool.parallelFor(gradient.parts, part -> gradient.add(part, du));
    gradient.store(du, dw, dwOffset);
  }
}
