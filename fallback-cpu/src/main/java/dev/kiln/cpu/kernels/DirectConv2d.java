package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/**
 * Convolutions of so many filters that they fill vectors: a tile is a few pixels of a row by two
 * vectors of filters, and reads what the pixels see where it lies.
 *
 * <p>Only the filters are packed, once for all images. Filter rows that lie above or below the
 * image are left out. The sums, filters side by side, are transposed a thousand pixels at a time.
 */
final class DirectConv2d {
  /** Output pixels summed up before they are transposed: they stay in the second-level cache. */
  static final int PIXELS = 1024;

  /** With fewer pixels to a row, tiles are too low to keep the multiply-add units busy. */
  static final int FEWEST_COLUMNS = 6;

  /** With fewer taps to a filter, transposing the sums takes longer than packing what taps see. */
  private static final int TAPS_A_FILTER = 3;

  /** With fewer pixels, packing the filters does. */
  static final int FEWEST_PIXELS = 400;

  /** With a smaller part of the panels filled, the rest is too much work for nothing. */
  private static final double FILLED = 0.9;

  private final TileKernels tiles;
  private final WorkerPool pool;

  DirectConv2d(TileKernels tiles, WorkerPool pool) {
    this.tiles = tiles;
    this.pool = pool;
  }

  /** Whether a convolution is quicker this way. */
  boolean suits(ConvShape s) {
    return s.outWidth() >= FEWEST_COLUMNS
        && s.area() > 1
        && s.depth() >= TAPS_A_FILTER * s.groupFilters()
        && (long) s.images() * s.outPixels() >= FEWEST_PIXELS
        && s.spec().strideW() <= 2
        && filled(tiles, s.groupFilters()) >= FILLED;
  }

  /** The part of its panels that so many columns fill. */
  static double filled(TileKernels tiles, int columns) {
    int nr = tiles.tileColumns();
    return (double) columns / (divideUp(columns, nr) * nr);
  }

  /** Computes y = convolution of x with w; {@code epilogue}'s rows are filters. */
  void forward(
      ConvShape s,
      float[] x,
      int xOffset,
      float[] w,
      int wOffset,
      Epilogue epilogue,
      float[] y,
      int yOffset) {
    ConvCut cut = ConvCut.of(s, s.groupChannels(), pool.threads());
    int panels = divideUp(s.groupFilters(), tiles.tileColumns());
    int patches = cut.patches() * s.groups();
    int parts = cut.filterParts(panels, pool.threads());
    Lines filters = pack(s, panels, w, wOffset);
    Pieces.work(
        pool,
        s.work(),
        patches * parts,
        piece -> {
          int part = piece % parts;
          int group = piece / parts % s.groups();
          int index = piece / parts / s.groups();
          Patch patch = Patch.whole(s, s.groupChannels());
          int image = cut.image(index);
          int row = cut.row(index);
          int rows = cut.rows(index);
          patch.load(
              tiles, x, xOffset, image, cut.images(index), group * s.groupChannels(), row, rows);
          int together = Math.max(1, PIXELS / s.outWidth());
          for (int i = 0; i < cut.images(index); i++) {
            for (int r = 0; r < rows; r += together) {
              Band band = new Band(s, patch, i, r, Math.min(together, rows - r), row);
              for (int p = cut(panels, parts, part); p < cut(panels, parts, part + 1); p++) {
                int filter = group * s.groupFilters() + p * tiles.tileColumns();
                int count = Math.min(tiles.tileColumns(), (group + 1) * s.groupFilters() - filter);
                Lines sums = band.sums(filters, group * panels + p, count);
                int plane = (image + i) * s.filters() + filter;
                int to = yOffset + plane * s.outPixels() + (row + r) * s.outWidth();
                band.store(sums, count, epilogue.shifted(filter, 0).transposed(), y, to);
              }
            }
          }
        });
  }

  /** Packs the filters of all groups; taps go by filter row, channel, column. */
  private Lines pack(ConvShape s, int panels, float[] w, int wOffset) {
    int nr = tiles.tileColumns();
    int depth = s.depth();
    Lines packed =
        Workspace.mine()
            .lines(Workspace.Slot.RIGHT, (long) s.groups() * panels * depth * nr + tiles.slack());
    Pieces.work(
        pool,
        (long) s.filters() * depth * 8,
        s.groups() * panels,
        panel -> {
          int filter = panel / panels * s.groupFilters() + panel % panels * nr;
          int count = Math.min(nr, (panel / panels + 1) * s.groupFilters() - filter);
          float[] turned = Workspace.mine().floats(Workspace.Slot.LAYOUT, (long) count * depth);
          for (int f = 0; f < count; f++) {
            rowsFirst(s, w, wOffset + (filter + f) * depth, turned, f * depth);
          }
          int at = packed.at() + panel * depth * nr;
          tiles.packColumnsTransposed(turned, 0, depth, depth, count, packed.array(), depth, at);
        });
    return packed;
  }

  private static void rowsFirst(ConvShape s, float[] w, int from, float[] turned, int to) {
    int channels = s.groupChannels();
    int kw = s.kernelW();
    for (int i = 0; i < s.kernelH(); i++) {
      for (int c = 0; c < channels; c++) {
        int at = from + (c * s.kernelH() + i) * kw;
        for (int j = 0; j < kw; j++) {
          turned[to++] = w[at + j];
        }
      }
    }
  }

  /** A few output rows of one image of a patch. */
  private final class Band {
    private final ConvShape shape;
    private final Patch patch;
    private final int image;
    private final int row;
    private final int rows;
    private final int patchRow;

    Band(ConvShape shape, Patch patch, int image, int row, int rows, int patchRow) {
      this.shape = shape;
      this.patch = patch;
      this.image = image;
      this.row = row;
      this.rows = rows;
      this.patchRow = patchRow;
    }

    /** Sums up the band for one panel of filters, which lie side by side. */
    Lines sums(Lines filters, int panel, int count) {
      int nr = tiles.tileColumns();
      int depth = shape.depth();
      int width = shape.outWidth() * nr;
      int block = TiledProduct.depthBlock(tiles, depth);
      Lines sums = Workspace.mine().lines(Workspace.Slot.COLUMNS, (long) rows * width);
      for (int k = 0; k < depth; k += block) {
        for (int r = 0; r < rows; r++) {
          int at = sums.at() + r * width;
          int first = firstTap(r);
          int from = Math.max(k, first);
          int to = Math.min(Math.min(k + block, depth), endTap(r));
          if (from < to) {
            int b = filters.at() + (panel * depth + from) * nr;
            addRow(r, count, from > first, from, to, filters.array(), b, sums.array(), at);
          } else if (k == 0 && first >= endTap(r)) {
            Arrays.fill(sums.array(), at, at + width, 0f);
          }
        }
      }
      return sums;
    }

    private void addRow(
        int r, int count, boolean add, int from, int to, float[] b, int bo, float[] c, int co) {
      int nr = tiles.tileColumns();
      int ow = shape.outWidth();
      int parts = divideUp(ow, tiles.tileRows());
      for (int part = 0; part < parts; part++) {
        int column = cut(ow, parts, part);
        int pixels = cut(ow, parts, part + 1) - column;
        tiles.pixelTile(
            pixels,
            count,
            add,
            to - from,
            patch.data(),
            patch.at(image, row + r, column),
            shape.spec().strideW(),
            patch.taps(),
            from,
            b,
            bo,
            c,
            co + column * nr,
            nr);
      }
    }

    /** The first tap of an output row that lies within the image. */
    private int firstTap(int r) {
      int above = shape.spec().paddingH() - (patchRow + row + r) * shape.spec().strideH();
      int i = Math.max(0, divideUp(Math.max(0, above), shape.spec().dilationH()));
      return Math.min(i, shape.kernelH()) * shape.groupChannels() * shape.kernelW();
    }

    /** The tap behind the last one that does. */
    private int endTap(int r) {
      int above = shape.spec().paddingH() - (patchRow + row + r) * shape.spec().strideH();
      int i = divideUp(Math.max(0, shape.height() + above), shape.spec().dilationH());
      return Math.min(i, shape.kernelH()) * shape.groupChannels() * shape.kernelW();
    }

    void store(Lines sums, int count, Epilogue epilogue, float[] y, int to) {
      int nr = tiles.tileColumns();
      int pixels = rows * shape.outWidth();
      if (!epilogue.isNone()) {
        epilogue.apply(tiles, 0, pixels, 0, count, sums.array(), sums.at(), nr);
      }
      tiles.transpose(pixels, count, sums.array(), sums.at(), nr, y, to, shape.outPixels());
    }
  }
}
