package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import dev.kiln.cpu.threads.Workspace.Slot;
import java.util.Arrays;

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
  private static final int PATCH = 6;
  private static final int POSITIONS = PATCH * PATCH;

  /**
   * Floats of a cache line. Positions are so much more than their size apart: else, sizes being
   * round numbers, the 36 coefficients of a tile would share one set of the cache.
   */
  private static final int LINE = 16;

  /** Tiles whose patches, in 64 channels, fill a quarter of a second-level cache of 1 MiB. */
  private static final int BLOCK_TILES = 32;

  /** Output channels whose products lie in that cache together. */
  private static final int BLOCK_COLUMNS = 64;

  /**
   * Channels written at once: planes are often a multiple of 4 KiB apart, and more of their lines
   * than a first-level cache has ways would fall into one of its sets.
   */
  private static final int FEW = 8;

  private static final boolean[] NONE_SPOILED = {};

  /** Tiles of one round of a filter's gradient, where all threads share it. */
  private static final int GRADIENT_TILES = 192;

  /** Tiles of one round of a filter's gradient, where each thread has its own. */
  private static final int GRADIENT_BLOCK = 64;

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
    long count = new Grid(s).count();
    long here =
        count * pairs * POSITIONS
            + pairs * 56 * s.area()
            + count * (s.channels() + s.filters()) * 1000L;
    return here < s.work();
  }

  /** The tiles of a batch: image by image, row by row. */
  private record Grid(ConvShape s) {
    /** Rows, and columns, of output pixels of a tile. */
    int tile() {
      return PATCH + 1 - s.kernelH();
    }

    int rows() {
      return divideUp(s.outHeight(), tile());
    }

    int columns() {
      return divideUp(s.outWidth(), tile());
    }

    int count() {
      return s.images() * rows() * columns();
    }

    int image(int tile) {
      return tile / columns() / rows();
    }

    int row(int tile) {
      return tile / columns() % rows();
    }

    int column(int tile) {
      return tile % columns();
    }

    /** Tiles from {@code tile} on that lie in one row of tiles, at most up to {@code end}. */
    int run(int tile, int end) {
      return Math.min(columns() - column(tile), end - tile);
    }

    /** How many blocks of about {@code size} tiles there are. */
    int blocks(int size) {
      return Math.max(1, divideUp(count(), size));
    }

    /** Where block {@code i} begins: at a row's begin where rows are short. */
    int begin(int blocks, int i) {
      int at = cut(count(), blocks, i);
      return shortRows() ? at / columns() * columns() : at;
    }

    /** The most tiles that one of so many blocks has. */
    int largest(int blocks) {
      int even = divideUp(count(), blocks);
      return shortRows() ? Math.min(count(), even + columns()) : even;
    }

    private boolean shortRows() {
      return columns() <= BLOCK_TILES / 2;
    }
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
    Grid grid = new Grid(s);
    int blocks = grid.blocks(BLOCK_TILES);
    int panels = divideUp(s.filters(), tiles.tileColumns());
    Filters filters = new Filters(s, w, wOffset, turned, panels, blocks == 1);
    Lines prepared = filters.prepare();
    int parts = blocks >= pool.threads() ? 1 : Math.min(panels, divideUp(pool.threads(), blocks));
    pool.parallelFor(
        blocks * parts,
        piece -> {
          int first = grid.begin(blocks, piece / parts);
          int count = grid.begin(blocks, piece / parts + 1) - first;
          int p0 = cut(panels, parts, piece % parts);
          int p1 = cut(panels, parts, piece % parts + 1);
          Block block = new Block(grid, first, count);
          Lines v = block.patches(x, xOffset);
          int group = filters.usedOnce ? 1 : Math.max(1, BLOCK_COLUMNS / tiles.tileColumns());
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

  /**
   * Filters of one convolution, transformed: [panel][chunk of channels][position][channel][column].
   *
   * <p>Where one block of tiles uses them, each chunk is made right before its use and then
   * overwritten: 36 coefficients of a deep layer's filters would go to memory and back.
   */
  private final class Filters {
    private static final int SHORT = 64;

    /** Channels whose taps are loaded at once. */
    private static final int TOGETHER = 8;

    final ConvShape s;
    final float[] w;
    final int wOffset;
    final boolean turned;
    final int panels;
    final boolean usedOnce;
    final int depth;
    final int perDepth;
    final int chunks;

    Filters(ConvShape s, float[] w, int wOffset, boolean turned, int panels, boolean usedOnce) {
      this.s = s;
      this.w = w;
      this.wOffset = wOffset;
      this.turned = turned;
      this.panels = panels;
      this.usedOnce = usedOnce;
      depth = TiledProduct.depthBlock(tiles, s.channels());
      perDepth = usedOnce ? divideUp(depth, SHORT) : 1;
      chunks = divideUp(s.channels(), depth) * perDepth;
    }

    /** The first channel of a chunk; no chunk lies in two blocks of the depth. */
    int begin(int chunk) {
      int block = chunk / perDepth * depth;
      int channels = Math.min(depth, s.channels() - block);
      return channels <= 0 ? s.channels() : block + cut(channels, perDepth, chunk % perDepth);
    }

    /** Distance between the filters of one position and the next. */
    int position(int chunk) {
      return (begin(chunk + 1) - begin(chunk)) * tiles.tileColumns() + LINE;
    }

    /** Where the filters of a panel begin for a chunk. */
    int at(int panel, int chunk) {
      return usedOnce
          ? 0
          : POSITIONS * (panel * panelSize() + begin(chunk) * tiles.tileColumns() + chunk * LINE);
    }

    private int panelSize() {
      return s.channels() * tiles.tileColumns() + chunks * LINE;
    }

    /** Transforms all filters, unless they are used once. */
    Lines prepare() {
      if (usedOnce) {
        return Lines.NONE;
      }
      Lines u =
          Workspace.mine().lines(Slot.WINOGRAD_FILTERS, (long) panels * panelSize() * POSITIONS);
      int cuts = divideUp(depth, 32);
      pool.parallelFor(
          panels * chunks * cuts,
          piece -> {
            int panel = piece / cuts / chunks;
            int chunk = piece / cuts % chunks;
            int k = begin(chunk);
            int n = begin(chunk + 1) - k;
            int first = cut(n, cuts, piece % cuts);
            int last = cut(n, cuts, piece % cuts + 1);
            int to = u.at() + at(panel, chunk) + first * tiles.tileColumns();
            transform(panel, k + first, k + last, u.array(), to, position(chunk));
          });
      return u;
    }

    /** The filters of a panel for a chunk: the prepared ones, or those made now. */
    Lines get(Lines prepared, int panel, int chunk) {
      if (!usedOnce) {
        return prepared;
      }
      int position = position(chunk);
      Lines u = Workspace.mine().lines(Slot.WINOGRAD_FILTERS, (long) POSITIONS * position);
      transform(panel, begin(chunk), begin(chunk + 1), u.array(), u.at(), position);
      return u;
    }

    private void transform(int panel, int k0, int k1, float[] u, int to, int position) {
      int width = tiles.tileColumns();
      int lanes = kernels.lanes();
      int r = s.kernelH();
      Workspace mine = Workspace.mine();
      Lines taps = mine.lines(Slot.LAYOUT, (long) TOGETHER * s.area() * lanes);
      Lines pass = mine.lines(Slot.TILE, (long) POSITIONS * lanes);
      float[] t = taps.array();
      float[] p = pass.array();
      for (int l = 0; l < width; l += lanes) {
        int o = panel * width + l;
        int columns = Math.max(0, Math.min(lanes, s.filters() - o));
        if (columns < lanes) {
          Arrays.fill(t, taps.at(), taps.at() + TOGETHER * r * r * lanes, 0f);
        }
        for (int k = k0; k < k1; k++) {
          int place = (k - k0) % TOGETHER;
          if (place == 0) {
            load(o, columns, k, Math.min(TOGETHER, k1 - k), t, taps.at(), lanes);
          }
          int from = taps.at() + place * r * r * lanes;
          int at = to + (k - k0) * width + l;
          kernels.filter(r, r, t, from, lanes, r * lanes, p, pass.at(), lanes, r * lanes);
          kernels.filter(
              r, PATCH, p, pass.at(), r * lanes, lanes, u, at, PATCH * position, position);
        }
      }
    }

    /** The taps of filters o .. o + columns for channels k .. k + n, filters side by side. */
    private void load(int o, int columns, int k, int n, float[] taps, int at, int lanes) {
      int area = s.area();
      if (!turned) {
        int from = wOffset + (o * s.channels() + k) * area;
        tiles.transpose(columns, n * area, w, from, s.channels() * area, taps, at, lanes);
        return;
      }
      for (int i = 0; i < n; i++) {
        int from = wOffset + ((k + i) * s.filters() + o) * area;
        int last = at + ((i + 1) * area - 1) * lanes;
        tiles.transpose(columns, area, w, from, area, taps, last, -lanes);
      }
    }
  }

  /** Some tiles of a convolution, on their way from x to y. */
  private final class Block {
    final Grid grid;
    final ConvShape s;
    final int first;
    final int count;
    final int depth;
    final int depths;
    final int panelColumns = tiles.tileColumns();
    boolean[] spoiled = NONE_SPOILED;

    Block(Grid grid, int first, int count) {
      this.grid = grid;
      this.s = grid.s();
      this.first = first;
      this.count = count;
      this.depth = TiledProduct.depthBlock(tiles, s.channels());
      this.depths = divideUp(s.channels(), depth);
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
      Bands bands = new Bands(grid, true, count, s.channels(), s.height(), s.width());
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
    Lines products(Lines v, Lines prepared, Filters filters, int panel, int n) {
      int ldm = n * panelColumns;
      Lines m =
          Workspace.mine().lines(Slot.WINOGRAD_OUTPUT, (long) POSITIONS * productPosition(ldm));
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
              tiles.rowTile(
                  rows, chunk > 0, kc, v.array(), a, u.array(), b, panelColumns, m.array(), c, ldm);
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
    void store(
        Lines m, int panel, int n, boolean check, Epilogue epilogue, float[] y, int yOffset) {
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
                tile,
                PATCH,
                m.array(),
                from,
                step,
                PATCH * step,
                p,
                pass.at(),
                lanes,
                PATCH * lanes);
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

  /** Rows of pixels of a run of tiles, channels side by side and padded with zeros. */
  private final class Bands {
    private final Grid grid;
    private final int tile;
    private final boolean patches;
    private final int channels;
    private final int height;
    private final int width;
    private final int lanes = kernels.lanes();
    private final int step;
    private final int rows;
    private final Lines pass;
    private final float[] pixels;
    private final int origin;
    private int line;
    private int end = -1;
    private int lastRun;

    /**
     * @param patches whether tiles are patches of 6x6 input pixels; else they are output pixels
     * @param count how many tiles there will be, and so the most in a run
     */
    Bands(Grid grid, boolean patches, int count, int channels, int height, int width) {
      this.grid = grid;
      tile = grid.tile();
      this.patches = patches;
      this.channels = channels;
      this.height = height;
      this.width = width;
      step = divideUp(channels, lanes) * lanes;
      rows = patches ? PATCH : tile;
      Workspace mine = Workspace.mine();
      pass = mine.lines(Slot.TILE, (long) POSITIONS * lanes);
      int longest = Math.min(count, grid.columns());
      Lines band = mine.lines(Slot.IMAGE, (long) rows * (tile * longest + PATCH) * step + lanes);
      pixels = band.array();
      origin = band.at();
    }

    /** Loads the tiles {@code first .. first + run}, which lie in one row of tiles. */
    void load(float[] x, int offset, int first, int run) {
      ConvShape s = grid.s();
      int columns = patches ? tile * run + PATCH - tile : tile * run;
      int h0 = grid.row(first) * tile - (patches ? s.spec().paddingH() : 0);
      int w0 = grid.column(first) * tile - (patches ? s.spec().paddingW() : 0);
      int base = offset + grid.image(first) * channels * height * width;
      line = columns * step;
      int known = 0;
      if (patches
          && end == first
          && grid.row(first) > 0
          && lastRun == run
          && run == grid.columns()) {
        known = PATCH - tile;
        System.arraycopy(pixels, origin + tile * line, pixels, origin, known * line);
      }
      end = first + run;
      lastRun = run;
      for (int r = known; r < rows; r++) {
        loadLine(x, base, h0 + r, w0, columns, origin + r * line);
      }
    }

    private void loadLine(float[] x, int base, int h, int w0, int columns, int to) {
      int from = Math.min(columns, Math.max(0, -w0));
      int until = Math.max(from, Math.min(columns, width - w0));
      if (h < 0 || h >= height) {
        Arrays.fill(pixels, to, to + columns * step, 0f);
        return;
      }
      Arrays.fill(pixels, to, to + from * step, 0f);
      tiles.transpose(
          channels,
          until - from,
          x,
          base + h * width + w0 + from,
          height * width,
          pixels,
          to + from * step,
          step);
      Arrays.fill(pixels, to + until * step, to + columns * step, 0f);
    }

    /** Transforms channels c .. c + n of the i-th tile of the run to coefficients. */
    void transform(int i, int c, int n, float[] v, int to, int position) {
      int from = origin + i * tile * step + c;
      float[] p = pass.array();
      int at = pass.at();
      for (int l = 0; l < n; l += lanes) {
        if (patches) {
          kernels.input(PATCH, pixels, from + l, step, line, p, at, lanes, PATCH * lanes);
          kernels.input(PATCH, p, at, PATCH * lanes, lanes, v, to + l, PATCH * position, position);
        } else {
          kernels.outputGradient(
              tile, tile, pixels, from + l, step, line, p, at, lanes, tile * lanes);
          kernels.outputGradient(
              tile, PATCH, p, at, tile * lanes, lanes, v, to + l, PATCH * position, position);
        }
      }
    }
  }

  /** Computes dw, the gradient of the filters, from dy and x. */
  void gradWeight(
      ConvShape s, float[] dy, int dyOffset, float[] x, int xOffset, float[] dw, int dwOffset) {
    Gradient gradient = new Gradient(s, dy, dyOffset, x, xOffset);
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

  /**
   * A gradient of filters on its way from x and dy to dw: rounds of some tiles, whose patches V and
   * gradients M are transformed, multiplied and added to the 36 sums of a filter.
   *
   * <p>Where the sums of all filters fit in a cache, several parts of the rounds have sums of their
   * own, and nothing is handed from thread to thread; how many depends on the shape alone. Where
   * there is one round, the sums of a block of channels and filters are made and used up at once.
   */
  private final class Gradient {
    private static final int MOST_PARTS = 8;
    private static final long CACHED = 200_000;
    private static final int BLOCK = 64;

    final ConvShape s;
    final float[] dy;
    final int dyOffset;
    final float[] x;
    final int xOffset;
    final Grid grid;
    final int channels;
    final int filters;
    final int rounds;
    final int parts;

    Gradient(ConvShape s, float[] dy, int dyOffset, float[] x, int xOffset) {
      this.s = s;
      this.dy = dy;
      this.dyOffset = dyOffset;
      this.x = x;
      this.xOffset = xOffset;
      grid = new Grid(s);
      int lanes = kernels.lanes();
      channels = divideUp(s.channels(), lanes) * lanes;
      filters = divideUp(s.filters(), lanes) * lanes;
      boolean cached = size() <= CACHED;
      rounds = grid.blocks(cached ? GRADIENT_BLOCK : GRADIENT_TILES);
      parts = cached ? Math.min(rounds, MOST_PARTS) : 1;
    }

    /** Distance between the sums of one position and the next. */
    private int position() {
      return s.channels() * filters + LINE;
    }

    int size() {
      return POSITIONS * position();
    }

    /** Adds up the rounds of a part. */
    void add(int part, Lines du) {
      int first = cut(rounds, parts, part);
      int most = grid.largest(rounds);
      Workspace mine = Workspace.mine();
      Lines v = mine.lines(Slot.WINOGRAD_INPUT, (long) POSITIONS * (most * channels + LINE));
      Lines m = mine.lines(Slot.WINOGRAD_OUTPUT, (long) POSITIONS * (most * filters + LINE));
      for (int r = first; r < cut(rounds, parts, part + 1); r++) {
        int tile = grid.begin(rounds, r);
        int count = grid.begin(rounds, r + 1) - tile;
        transform(tile, count, v, m);
        multiply(count, v, m, r > first, du.array(), du.at() + part * size());
      }
    }

    private void transform(int first, int count, Lines v, Lines m) {
      int pieces = parts > 1 ? 1 : Math.min(count, 4 * pool.threads());
      pool.parallelFor(
          2 * pieces,
          piece -> {
            boolean patches = piece < pieces;
            int t0 = cut(count, pieces, piece % pieces);
            int t1 = cut(count, pieces, piece % pieces + 1);
            Bands bands =
                patches
                    ? new Bands(grid, true, t1 - t0, s.channels(), s.height(), s.width())
                    : new Bands(grid, false, t1 - t0, s.filters(), s.outHeight(), s.outWidth());
            int row = patches ? channels : filters;
            for (int t = t0; t < t1; ) {
              int run = grid.run(first + t, first + t1);
              bands.load(patches ? x : dy, patches ? xOffset : dyOffset, first + t, run);
              for (int i = 0; i < run; i++, t++) {
                Lines to = patches ? v : m;
                bands.transform(i, 0, row, to.array(), to.at() + t * row, count * row + LINE);
              }
            }
          });
    }

    private void multiply(int count, Lines v, Lines m, boolean add, float[] du, int offset) {
      int cuts = Math.max(1, Math.min(4, s.channels() / 128));
      pool.parallelFor(
          POSITIONS * cuts,
          piece -> {
            int e = piece / cuts;
            int c0 = cut(s.channels(), cuts, piece % cuts);
            int c1 = cut(s.channels(), cuts, piece % cuts + 1);
            Destination to = Destination.matrix(du, offset + e * position(), filters);
            product(e, count, v, m, add, to, c0, c1, 0, s.filters());
          });
    }

    /** Adds up one position for channels c0 .. c1 and filters f0 .. f1. */
    private void product(
        int e,
        int count,
        Lines v,
        Lines m,
        boolean add,
        Destination to,
        int c0,
        int c1,
        int f0,
        int f1) {
      TiledProduct.run(
          tiles,
          LeftOperand.matrix(v.array(), v.at() + e * (count * channels + LINE), channels, true),
          RightOperand.matrix(m.array(), m.at() + e * (count * filters + LINE), filters, false),
          to,
          Epilogue.NONE,
          1f,
          add,
          c0,
          c1,
          f0,
          f1,
          count);
    }

    /** The only round, block by block. */
    void blocks(float[] dw, int dwOffset) {
      int count = grid.count();
      Workspace mine = Workspace.mine();
      Lines v = mine.lines(Slot.WINOGRAD_INPUT, (long) POSITIONS * (count * channels + LINE));
      Lines m = mine.lines(Slot.WINOGRAD_OUTPUT, (long) POSITIONS * (count * filters + LINE));
      transform(0, count, v, m);
      int across = divideUp(s.filters(), BLOCK);
      int position = BLOCK * BLOCK + LINE;
      pool.parallelFor(
          divideUp(s.channels(), BLOCK) * across,
          piece -> {
            int c0 = piece / across * BLOCK;
            int c1 = Math.min(s.channels(), c0 + BLOCK);
            int f0 = piece % across * BLOCK;
            int f1 = Math.min(s.filters(), f0 + BLOCK);
            Lines du = Workspace.mine().lines(Slot.WINOGRAD_FILTERS, (long) POSITIONS * position);
            for (int e = 0; e < POSITIONS; e++) {
              int origin = du.at() + e * position - c0 * BLOCK - f0;
              Destination to = Destination.matrix(du.array(), origin, BLOCK);
              product(e, count, v, m, false, to, c0, c1, f0, f1);
            }
            store(du.array(), du.at(), BLOCK, position, c0, c1, f0, f1, dw, dwOffset);
          });
    }

    /** Transforms the sums of all parts back and brings them to dw. */
    void store(Lines du, float[] dw, int dwOffset) {
      int step = 16;
      pool.parallelFor(
          divideUp(s.channels(), step),
          piece -> {
            int c0 = piece * step;
            int c1 = Math.min(s.channels(), c0 + step);
            addParts(du.array(), du.at(), c0 * filters, c1 * filters);
            int from = du.at() + c0 * filters;
            store(du.array(), from, filters, position(), c0, c1, 0, s.filters(), dw, dwOffset);
          });
    }

    /**
     * Transforms the sums of channels c0 .. c1 and filters f0 .. f1 back and brings them to dw.
     *
     * @param from where the sums of channel c0 and filter f0 are
     * @param ld distance between the sums of channels
     * @param position distance between positions
     */
    private void store(
        float[] du,
        int from,
        int ld,
        int position,
        int c0,
        int c1,
        int f0,
        int f1,
        float[] dw,
        int dwOffset) {
      int lanes = kernels.lanes();
      int r = s.kernelH();
      int area = s.area();
      Workspace mine = Workspace.mine();
      Lines pass = mine.lines(Slot.TILE, (long) POSITIONS * lanes);
      Lines sums = mine.lines(Slot.LAYOUT, (long) area * lanes);
      float[] p = pass.array();
      float[] taps = sums.array();
      for (int f = f0; f < f1; f += lanes) {
        int n = Math.min(lanes, f1 - f);
        for (int c = c0; c < c1; c++) {
          int at = from + (c - c0) * ld + f - f0;
          kernels.filterGradient(
              r, PATCH, du, at, position, PATCH * position, p, pass.at(), lanes, PATCH * lanes);
          kernels.filterGradient(
              r, r, p, pass.at(), PATCH * lanes, lanes, taps, sums.at(), r * lanes, lanes);
          int to = dwOffset + (f * s.channels() + c) * area;
          for (int l = 0; l < n; l++, to += s.channels() * area) {
            for (int t = 0; t < area; t++) {
              dw[to + t] = taps[sums.at() + t * lanes + l];
            }
          }
        }
      }
    }

    private void addParts(float[] du, int at, int begin, int end) {
      for (int part = 1; part < parts; part++) {
        for (int e = 0; e < POSITIONS; e++) {
          int to = at + e * position();
          int from = part * size() + to;
          for (int i = begin; i < end; i++) {
            du[to + i] += du[from + i];
          }
        }
      }
    }
  }
}
