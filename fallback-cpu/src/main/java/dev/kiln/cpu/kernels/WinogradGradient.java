package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;
import static dev.kiln.cpu.kernels.Winograd.LINE;
import static dev.kiln.cpu.kernels.Winograd.PATCH;
import static dev.kiln.cpu.kernels.Winograd.POSITIONS;

import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import dev.kiln.cpu.threads.Workspace.Slot;

/**
 * A gradient of filters of {@link Winograd} on its way from x and dy to dw: rounds of some tiles,
 * whose patches V and gradients M are transformed, multiplied and added to the 36 sums of a filter.
 *
 * <p>Where the sums of all filters fit in a cache, several parts of the rounds have sums of their
 * own, and nothing is handed from thread to thread; how many depends on the shape alone. Where
 * there is one round, the sums of a block of channels and filters are made and used up at once.
 */
final class WinogradGradient {
  /** Tiles of one round of a filter's gradient, where all threads share it. */
  private static final int GRADIENT_TILES = 192;

  /** Tiles of one round of a filter's gradient, where each thread has its own. */
  private static final int GRADIENT_BLOCK = 64;

  private static final int MOST_PARTS = 8;
  private static final long CACHED = 200_000;
  private static final int BLOCK = 64;

  private final TileKernels tiles;
  private final WinogradKernels kernels;
  private final WorkerPool pool;
  private final ConvShape s;
  private final float[] dy;
  private final int dyOffset;
  private final float[] x;
  private final int xOffset;
  private final WinogradGrid grid;
  private final int channels;
  private final int filters;
  final int rounds;
  final int parts;

  WinogradGradient(
      TileKernels tiles,
      WinogradKernels kernels,
      WorkerPool pool,
      ConvShape s,
      float[] dy,
      int dyOffset,
      float[] x,
      int xOffset) {
    this.tiles = tiles;
    this.kernels = kernels;
    this.pool = pool;
    this.s = s;
    this.dy = dy;
    this.dyOffset = dyOffset;
    this.x = x;
    this.xOffset = xOffset;
    grid = new WinogradGrid(s);
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
          WinogradBands bands =
              patches
                  ? new WinogradBands(
                      tiles, kernels, grid, true, t1 - t0, s.channels(), s.height(), s.width())
                  : new WinogradBands(
                      tiles,
                      kernels,
                      grid,
                      false,
                      t1 - t0,
                      s.filters(),
                      s.outHeight(),
                      s.outWidth());
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
