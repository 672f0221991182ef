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
import java.util.Arrays;

/**
 * Filters of one convolution of {@link Winograd}, transformed: [panel][chunk of
 * channels][position][channel][column].
 *
 * <p>Where one block of tiles uses them, each chunk is made right before its use and then
 * overwritten: 36 coefficients of a deep layer's filters would go to memory and back.
 */
final class WinogradFilters {
  /** Channels of a chunk that is made right before its use. */
  private static final int SHORT = 64;

  /** Channels whose taps are loaded at once. */
  private static final int TOGETHER = 8;

  private final TileKernels tiles;
  private final WinogradKernels kernels;
  private final WorkerPool pool;
  private final ConvShape s;
  private final float[] w;
  private final int wOffset;
  private final boolean turned;
  private final int panels;
  final boolean usedOnce;
  private final int depth;
  private final int perDepth;
  final int chunks;

  WinogradFilters(
      TileKernels tiles,
      WinogradKernels kernels,
      WorkerPool pool,
      ConvShape s,
      float[] w,
      int wOffset,
      boolean turned,
      int panels,
      boolean usedOnce) {
    this.tiles = tiles;
    this.kernels = kernels;
    this.pool = pool;
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
        kernels.filter(r, PATCH, p, pass.at(), r * lanes, lanes, u, at, PATCH * position, position);
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
