package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.divideUp;
import static dev.kiln.cpu.kernels.Winograd.PATCH;
import static dev.kiln.cpu.kernels.Winograd.POSITIONS;

import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.Workspace;
import dev.kiln.cpu.threads.Workspace.Slot;
import java.util.Arrays;

/** Rows of pixels of a run of tiles, channels side by side and padded with zeros. */
final class WinogradBands {
  private final TileKernels tiles;
  private final WinogradKernels kernels;
  private final WinogradGrid grid;
  private final int tile;
  private final boolean patches;
  private final int channels;
  private final int height;
  private final int width;
  private final int lanes;
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
  WinogradBands(
      TileKernels tiles,
      WinogradKernels kernels,
      WinogradGrid grid,
      boolean patches,
      int count,
      int channels,
      int height,
      int width) {
    this.tiles = tiles;
    this.kernels = kernels;
    this.grid = grid;
    tile = grid.tile();
    this.patches = patches;
    this.channels = channels;
    this.height = height;
    this.width = width;
    lanes = kernels.lanes();
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
    if (patches && end == first && grid.row(first) > 0 && lastRun == run && run == grid.columns()) {
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
