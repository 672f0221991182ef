package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.backend.Conv2dSpec;
import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/**
 * Input gradients of strided convolutions of so many channels that they fill vectors.
 *
 * <p>Pixels whose rows and columns leave the same remainders by the strides, a phase, meet the same
 * taps, and what these see of the output's gradient lies side by side. So every phase is a
 * convolution of unit stride with some of the taps, done like {@link DirectConv2d}'s; their sums
 * lie in the order of the input's pixels, and nothing is scattered.
 */
final class DirectInputGradient {
  /** Part of the panels that must be filled; the rest is work for nothing. */
  private static final double FILLED = 0.7;

  private final TileKernels tiles;
  private final WorkerPool pool;

  DirectInputGradient(TileKernels tiles, WorkerPool pool) {
    this.tiles = tiles;
    this.pool = pool;
  }

  /** Whether an input gradient is quicker this way than scattered. */
  boolean suits(ConvShape s) {
    return s.area() > 1
        && s.width() >= DirectConv2d.FEWEST_COLUMNS * s.spec().strideW()
        && (long) s.images() * s.outPixels() >= DirectConv2d.FEWEST_PIXELS
        && DirectConv2d.filled(tiles, s.groupChannels()) >= FILLED;
  }

  /** Computes dx, the gradient of the input, from dy. */
  void run(
      ConvShape s, float[] dy, int dyOffset, float[] w, int wOffset, float[] dx, int dxOffset) {
    Taps taps = new Taps(s);
    ConvShape seen = taps.seen;
    ConvCut cut = ConvCut.of(seen, s.groupFilters(), pool.threads());
    int nr = tiles.tileColumns();
    int panels = divideUp(s.groupChannels(), nr);
    int parts = cut.filterParts(panels, pool.threads());
    Lines filters = pack(s, taps, panels, w, wOffset);
    Pieces.work(
        pool,
        s.work(),
        cut.patches() * s.groups() * parts,
        piece -> {
          int part = piece % parts;
          int group = piece / parts % s.groups();
          int index = piece / parts / s.groups();
          Patch patch = Patch.whole(seen, s.groupFilters());
          int image = cut.image(index);
          int row = cut.row(index);
          int rows = cut.rows(index);
          patch.load(
              tiles, dy, dyOffset, image, cut.images(index), group * s.groupFilters(), row, rows);
          int[][] places = taps.places(patch);
          int together = Math.max(1, DirectConv2d.PIXELS / (s.width() * s.spec().strideH()));
          for (int i = 0; i < cut.images(index); i++) {
            for (int r = 0; r < rows; r += together) {
              int h = (row + r) * s.spec().strideH();
              int count = Math.min(together, rows - r) * s.spec().strideH();
              Band band = new Band(taps, places, patch, i, r, Math.min(count, s.height() - h));
              for (int p = cut(panels, parts, part); p < cut(panels, parts, part + 1); p++) {
                int channel = group * s.groupChannels() + p * nr;
                int channels = Math.min(nr, (group + 1) * s.groupChannels() - channel);
                int at = filters.at() + (group * panels + p) * s.groupFilters() * s.area() * nr;
                Lines sums = band.sums(filters.array(), at, channels);
                int plane = (image + i) * s.channels() + channel;
                int to = dxOffset + plane * s.inPixels() + h * s.width();
                tiles.transpose(
                    band.pixels(), channels, sums.array(), sums.at(), nr, dx, to, s.inPixels());
              }
            }
          }
        });
  }

  /** A few rows of one image. */
  private final class Band {
    private final ConvShape shape;
    private final Taps taps;
    private final int[][] places;
    private final Patch patch;
    private final int image;
    private final int patchRow;
    private final int rows;

    /**
     * Describes some rows.
     *
     * @param patchRow the row of the patch where the first is
     * @param rows how many they are
     */
    Band(Taps taps, int[][] places, Patch patch, int image, int patchRow, int rows) {
      this.shape = taps.shape;
      this.taps = taps;
      this.places = places;
      this.patch = patch;
      this.image = image;
      this.patchRow = patchRow;
      this.rows = rows;
    }

    int pixels() {
      return rows * shape.width();
    }

    /** Sums up the band for one panel of channels, which lie side by side. */
    Lines sums(float[] filters, int at, int channels) {
      int nr = tiles.tileColumns();
      int sh = shape.spec().strideH();
      int sw = shape.spec().strideW();
      Lines sums = Workspace.mine().lines(Workspace.Slot.COLUMNS, (long) pixels() * nr);
      for (int h = 0; h < rows; h++) {
        for (int b = 0; b < Math.min(sw, shape.width()); b++) {
          int phase = h % sh * sw + b;
          int c = sums.at() + (h * shape.width() + b) * nr;
          int from = at + taps.start[phase] * nr;
          addPhase(places[phase], h / sh, b, channels, filters, from, sums.array(), c);
        }
      }
      return sums;
    }

    private void addPhase(
        int[] tap, int row, int b, int channels, float[] filters, int from, float[] c, int co) {
      int nr = tiles.tileColumns();
      int step = shape.spec().strideW() * nr;
      int pixels = divideUp(shape.width() - b, shape.spec().strideW());
      if (tap.length == 0) { // pixels that no tap meets
        for (int j = 0; j < pixels; j++) {
          Arrays.fill(c, co + j * step, co + j * step + nr, 0f);
        }
        return;
      }
      int block = TiledProduct.depthBlock(tiles, tap.length);
      int parts = divideUp(pixels, tiles.tileRows());
      for (int k = 0; k < tap.length; k += block) {
        for (int part = 0; part < parts; part++) {
          int j = cut(pixels, parts, part);
          tiles.pixelTile(
              cut(pixels, parts, part + 1) - j,
              channels,
              k > 0,
              Math.min(block, tap.length - k),
              patch.data(),
              patch.at(image, patchRow + row, j),
              1,
              tap,
              k,
              filters,
              from + k * nr,
              c,
              co + j * step,
              step);
        }
      }
    }
  }

  /** Packs the filters of all groups: phases one after another, channels side by side. */
  private Lines pack(ConvShape s, Taps taps, int panels, float[] w, int wOffset) {
    int nr = tiles.tileColumns();
    int area = s.area();
    int depth = s.groupFilters() * area;
    Lines packed =
        Workspace.mine()
            .lines(Workspace.Slot.RIGHT, (long) s.groups() * panels * depth * nr + tiles.slack());
    Pieces.work(
        pool,
        (long) s.channels() * depth * 8,
        s.groups() * panels,
        panel -> {
          int group = panel / panels;
          int channel = panel % panels * nr;
          int count = Math.min(nr, s.groupChannels() - channel);
          int at = packed.at() + panel * depth * nr;
          for (int f = 0; f < s.groupFilters(); f++) {
            int filter = group * s.groupFilters() + f;
            int from = wOffset + (filter * s.groupChannels() + channel) * area;
            for (int t = 0; t < area; t++) {
              int to = at + (taps.first[t] + f * taps.step[t]) * nr;
              for (int c = 0; c < count; c++) {
                packed.array()[to + c] = w[from + c * area + t];
              }
            }
          }
        });
    return packed;
  }

  /** Which taps meet a phase, and where they see the output's gradient. */
  private static final class Taps {
    /** A convolution of unit stride whose pixels see all that any phase's do. */
    final ConvShape seen;

    /** Where a phase's rows of a packed panel begin. */
    final int[] start;

    /** The row of a tap of filter 0 in a packed panel, and how much further that of the next is. */
    final int[] first;

    final int[] step;

    private final ConvShape shape;
    private final int top;
    private final int left;

    Taps(ConvShape s) {
      this.shape = s;
      Conv2dSpec p = s.spec();
      top = least(p.paddingH(), p.dilationH(), s.kernelH(), p.strideH());
      left = least(p.paddingW(), p.dilationW(), s.kernelW(), p.strideW());
      int bottom = Math.floorDiv(p.strideH() - 1 + p.paddingH(), p.strideH());
      int right = Math.floorDiv(p.strideW() - 1 + p.paddingW(), p.strideW());
      seen =
          new ConvShape(
              s.images(),
              s.filters(),
              s.outHeight(),
              s.outWidth(),
              s.channels(),
              bottom - top + 1,
              right - left + 1,
              divideUp(s.height(), p.strideH()),
              divideUp(s.width(), p.strideW()),
              new Conv2dSpec(1, 1, -top, -left, 1, 1, p.groups()));
      start = new int[p.strideH() * p.strideW()];
      first = new int[s.area()];
      step = new int[s.area()];
      int rows = 0;
      for (int phase = 0; phase < start.length; phase++) {
        start[phase] = rows;
        int[] met = met(phase);
        for (int t = 0; t < met.length; t++) {
          first[met[t]] = rows + t;
          step[met[t]] = met.length;
        }
        rows += met.length * s.groupFilters();
      }
    }

    /** The least distance, in output pixels, from where a phase's first pixel sees a tap. */
    private static int least(int padding, int dilation, int kernel, int stride) {
      return -Math.floorDiv(dilation * (kernel - 1) - padding, stride);
    }

    /** The taps that meet a phase. */
    private int[] met(int phase) {
      Conv2dSpec p = shape.spec();
      int h = phase / p.strideW() + p.paddingH();
      int w = phase % p.strideW() + p.paddingW();
      int[] met = new int[shape.area()];
      int count = 0;
      for (int t = 0; t < met.length; t++) {
        boolean rows = (h - t / shape.kernelW() * p.dilationH()) % p.strideH() == 0;
        boolean columns = (w - t % shape.kernelW() * p.dilationW()) % p.strideW() == 0;
        if (rows && columns) {
          met[count++] = t;
        }
      }
      return Arrays.copyOf(met, count);
    }

    /** For every phase, what is to be added to a pixel's place for each filter and tap. */
    int[][] places(Patch patch) {
      Conv2dSpec p = shape.spec();
      int filters = shape.groupFilters();
      int[] all = patch.taps();
      int[][] places = new int[start.length][];
      for (int phase = 0; phase < start.length; phase++) {
        int[] met = met(phase);
        int[] tap = new int[filters * met.length];
        for (int f = 0; f < filters; f++) {
          for (int t = 0; t < met.length; t++) {
            int h = phase / p.strideW() + p.paddingH() - met[t] / shape.kernelW() * p.dilationH();
            int w = phase % p.strideW() + p.paddingW() - met[t] % shape.kernelW() * p.dilationW();
            int i = h / p.strideH() - top;
            int j = w / p.strideW() - left;
            tap[f * met.length + t] = all[(i * filters + f) * seen.kernelW() + j];
          }
        }
        places[phase] = tap;
      }
      return places;
    }
  }
}
