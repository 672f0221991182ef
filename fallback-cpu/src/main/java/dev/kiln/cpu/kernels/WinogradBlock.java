package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.divideUp;
import static dev.kiln.cpu.kernels.Winograd.LINE;
import static dev.kiln.cpu.kernels.Winograd.PATCH;
import static dev.kiln.cpu.kernels.Winograd.POSITIONS;

import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.Workspace;
import dev.kiln.cpu.threads.Workspace.Slot;

/** Some tiles of a convolution of {@link Winograd}, on their way from x to y. */
final class WinogradBlock {
  /** Tiles whose patches, in 64 channels, fill a quarter of a second-level cache of 1 MiB. */
  static final int TILES = 32;

  /** Output channels whose products lie in that cache together. */
  static final int COLUMNS = 64;

  /**
   * Channels written at once, as many as a transpose of vectors takes: planes are often a multiple
   * of 4 KiB apart, so that the lines of many more would push each other out of the cache.
   */
  private static final int FEW = 16;

  private static final boolean[] NONE_SPOILED = {};

  private final TileKernels tiles;
  private final WinogradKernels kernels;
  private final WinogradGrid grid;
  private final ConvShape s;
  private final int first;
  private final int count;
  private final int depth;
  private final int depths;
  private final int panelColumns;
  boolean[] spoiled = NONE_SPOILED;

  WinogradBlock(
      TileKernels tiles, WinogradKernels kernels, WinogradGrid grid, int first, int count) {
    this.tiles = tiles;
    this.kernels = kernels;
    this.grid = grid;
    this.s = grid.s();
    this.first = first;
    this.count = count;
    this.depth = TiledProduct.depthBlock(tiles, s.channels());
    this.depths = divideUp(s.channels(), depth);
    this.panelColumns = tiles.tileColumns();
  }

  /** Distance between the patches of one position and the next. */
  private int patchPosition() {
    return count * tiles.rowStride() + LINE;
  }

  /** Distance between the products of one position and the next. */
  private int productPosition(int columns) {
    return count * columns + LINE;
  }

  /** Transforms the patches: [block of depth][position][tile][channel], rows as rowTile's. */
  Lines patches(float[] x, int xOffset) {
    int row = tiles.rowStride();
    Lines v =
        Workspace.mine().lines(Slot.WINOGRAD_INPUT, (long) depths * POSITIONS * patchPosition());
    WinogradBands bands =
        new WinogradBands(tiles, kernels, grid, true, count, s.channels(), s.height(), s.width());
    for (int t = 0; t < count; ) {
      int run = grid.run(first + t, first + count);
      bands.load(x, xOffset, first + t, run);
      for (int i = 0; i < run; i++, t++) {
        for (int d = 0; d < depths; d++) {
          int n = Math.min(depth, s.channels() - d * depth);
          bands.transform(
              i,
              d * depth,
              n,
              v.array(),
              v.at() + d * POSITIONS * patchPosition() + t * row,
              patchPosition());
        }
      }
    }
    return v;
  }

  /** Multiplies: [position][tile][column of n panels]. */
  Lines products(Lines v, Lines prepared, WinogradFilters filters, int panel, int n) {
    int ldm = n * panelColumns;
    Lines m = Workspace.mine().lines(Slot.WINOGRAD_OUTPUT, (long) POSITIONS * productPosition(ldm));
    int row = tiles.rowStride();
    int rowPanels = divideUp(count, tiles.tileRows());
    for (int chunk = 0; chunk < filters.chunks; chunk++) {
      Lines u = filters.get(prepared, panel, chunk);
      int k = filters.begin(chunk);
      int kc = filters.begin(chunk + 1) - k;
      int d = k / depth;
      for (int e = 0; e < POSITIONS; e++) {
        for (int r = 0; r < rowPanels; r++) {
          int t = TiledProduct.panelStart(tiles, count, rowPanels, r);
          int rows = TiledProduct.panelStart(tiles, count, rowPanels, r + 1) - t;
          int a = v.at() + (d * POSITIONS + e) * patchPosition() + t * row + k - d * depth;
          for (int j = 0; j < n; j++) {
            int b = u.at() + filters.at(panel + j, chunk) + e * filters.position(chunk);
            int c = m.at() + e * productPosition(ldm) + t * ldm + j * panelColumns;
            int columns = Math.min(panelColumns, s.filters() - (panel + j) * panelColumns);
            tiles.rowTile(
                rows,
                columns,
                chunk > 0,
                kc,
                v.array(),
                a,
                u.array(),
                b,
                panelColumns,
                m.array(),
                c,
                ldm);
          }
        }
      }
    }
    return m;
  }

  /**
   * Transforms the products of n panels back and brings them to y.
   *
   * @param check whether to look for spoiled tiles
   */
  void store(Lines m, int panel, int n, boolean check, Epilogue epilogue, float[] y, int yOffset) {
    int ldm = n * panelColumns;
    int o = panel * panelColumns;
    int columns = Math.min(ldm, s.filters() - o);
    int lanes = kernels.lanes();
    int tile = grid.tile();
    int longest = Math.min(count, grid.columns());
    Lines pixels = Workspace.mine().lines(Slot.COLUMNS, (long) tile * tile * longest * ldm);
    Lines pass = Workspace.mine().lines(Slot.TILE, (long) POSITIONS * lanes);
    float[] p = pass.array();
    float[] q = pixels.array();
    for (int t = 0; t < count; ) {
      int run = grid.run(first + t, first + count);
      int line = run * tile * ldm;
      for (int i = 0; i < run; i++) {
        for (int c = 0; c < columns; c += lanes) {
          int from = m.at() + (t + i) * ldm + c;
          int step = productPosition(ldm);
          int to = pixels.at() + i * tile * ldm + c;
          kernels.output(
              tile, PATCH, m.array(), from, step, PATCH * step, p, pass.at(), lanes, PATCH * lanes);
          kernels.output(tile, tile, p, pass.at(), PATCH * lanes, lanes, q, to, line, ldm);
        }
        if (check && !isFinite(q, pixels.at() + i * tile * ldm, line, ldm)) {
          if (spoiled.length == 0) {
            spoiled = new boolean[count];
          }
          spoiled[t + i] = true;
        }
      }
      int h0 = grid.row(first + t) * tile;
      int w0 = grid.column(first + t) * tile;
      int rows = Math.min(tile, s.outHeight() - h0);
      int width = Math.min(run * tile, s.outWidth() - w0);
      int to =
          yOffset
              + (grid.image(first + t) * s.filters() + o) * s.outPixels()
              + h0 * s.outWidth()
              + w0;
      for (int r = 0; r < rows; r++) {
        int at = to + r * s.outWidth();
        for (int c = 0; c < columns; c += FEW) {
          int few = Math.min(FEW, columns - c);
          int from = pixels.at() + r * line + c;
          tiles.transpose(width, few, q, from, ldm, y, at + c * s.outPixels(), s.outPixels());
        }
        if (!epilogue.isNone()) {
          epilogue.apply(tiles, o, columns, 0, width, y, to + r * s.outWidth(), s.outPixels());
        }
      }
      t += run;
    }
  }

  /** Whether the outputs of a tile are finite, of one filter. */
  private boolean isFinite(float[] pixels, int at, int line, int step) {
    boolean finite = true;
    for (int r = 0; r < grid.tile(); r++) {
      for (int c = 0; c < grid.tile(); c++) {
        finite &= Math.abs(pixels[at + r * line + c * step]) <= Float.MAX_VALUE;
      }
    }
    return finite;
  }

  /** Mends the spoiled tiles of filters f0 .. f1. */
  void mend(SpoiledTile by, int f0, int f1) {
    int tile = grid.tile();
    for (int t = 0; t < count; t++) {
      if (spoiled[t]) {
        int h = grid.row(first + t) * tile;
        int v = grid.column(first + t) * tile;
        int h1 = Math.min(s.outHeight(), h + tile);
        int v1 = Math.min(s.outWidth(), v + tile);
        by.mend(grid.image(first + t), h, h1, v, v1, f0, f1);
      }
    }
  }
}
