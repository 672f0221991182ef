package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;

/**
 * Filter gradients of convolutions of so many channels that they fill vectors: for every tap the
 * product of the output's gradients, filters by pixels, and of what the tap sees, pixels by
 * channels.
 *
 * <p>Images are transposed once, so that channels lie side by side; then all taps read them where
 * they lie. Where channels fill but half of a tile's columns, a tile takes two taps side by side,
 * which see pixels side by side.
 */
final class DirectFilterGradient {
  /** Part of the panels that must be filled; the rest is work for nothing. */
  private static final double FILLED = 0.7;

  /** Taps of a row from which on tiles of two taps are worth it; the last may be alone. */
  private static final int WIDE = 5;

  private final TileKernels tiles;
  private final SpanKernels spans;
  private final WorkerPool pool;

  DirectFilterGradient(TileKernels tiles, SpanKernels spans, WorkerPool pool) {
    this.tiles = tiles;
    this.spans = spans;
    this.pool = pool;
  }

  /** Whether a filter gradient is quicker this way. */
  boolean suits(ConvShape s) {
    return s.area() > 1
        && s.groupFilters() >= tiles.tileRows()
        && (inPairs(s) || DirectConv2d.filled(tiles, s.groupChannels()) >= FILLED);
  }

  /** Whether tiles take two taps. */
  private boolean inPairs(ConvShape s) {
    int half = tiles.tileColumns() / 2;
    return s.kernelW() >= WIDE
        && s.spec().dilationW() == 1
        && s.groupChannels() <= half
        && s.groupChannels() >= FILLED * half;
  }

  /** Channels side by side. */
  private int width(ConvShape s) {
    return inPairs(s) ? tiles.tileColumns() / 2 : tiles.tileColumns();
  }

  /** Sums for a row of taps: one more than there are, where the last of them is alone in a pair. */
  private int rowOfSums(ConvShape s) {
    return inPairs(s) ? divideUp(s.kernelW(), 2) * 2 : s.kernelW();
  }

  /** Computes dw, the gradient of the filters, from dy and x. */
  void run(
      ConvShape s, float[] dy, int dyOffset, float[] x, int xOffset, float[] dw, int dwOffset) {
    // Whatever decides the order of the sums depends on the shape alone: one thread's cut.
    int width = width(s);
    ConvCut cut = ConvCut.of(s, Math.min(width, s.groupChannels()), 1);
    int panels = divideUp(s.groupChannels(), width);
    int each = s.groupFilters() * s.kernelH() * rowOfSums(s) * width;
    int size = s.groups() * panels * each;
    int parts = cut.sums(size);
    int pieces = parts * s.groups() * panels;
    int slices = slices(s, pieces);
    float[] partial = Workspace.mine().floats(Workspace.Slot.PARTIAL, (long) parts * size);
    Pieces.work(
        pool,
        s.work(),
        pieces * slices,
        piece -> {
          int slice = piece % slices;
          int panel = piece / slices % panels;
          int group = piece / slices / panels % s.groups();
          int part = piece / slices / panels / s.groups();
          Slice sums =
              new Slice(
                  s,
                  group,
                  panel * width,
                  cut(s.groupFilters(), slices, slice),
                  cut(s.groupFilters(), slices, slice + 1));
          int to = part * size + (group * panels + panel) * each;
          int first = cut(cut.patches(), parts, part);
          for (int p = first; p < cut(cut.patches(), parts, part + 1); p++) {
            sums.load(x, xOffset, cut, p);
            sums.add(dy, dyOffset, partial, to, p > first);
          }
        });
    combine(s, partial, parts, size, dw, dwOffset);
  }

  /**
   * Parts of a group's filters, each of which transposes images anew, that give all threads work.
   */
  private int slices(ConvShape s, int pieces) {
    int threads = pool.threads();
    int most = divideUp(s.groupFilters(), tiles.tileRows());
    return pieces % threads == 0 ? 1 : Math.min(most, divideUp(2 * threads, pieces));
  }

  /** The gradients of some filters for one panel of channels. */
  private final class Slice {
    private final ConvShape shape;
    private final int group;
    private final int width;
    private final int channel;
    private final int channels;
    private final int f0;
    private final int f1;
    private final Patch patch;
    private int image;
    private int images;
    private int row;
    private int rows;
    private Lines seen = Lines.NONE;
    private int[] pixel = {};

    Slice(ConvShape shape, int group, int channel, int f0, int f1) {
      this.shape = shape;
      this.group = group;
      this.channel = channel;
      this.width = width(shape);
      this.channels = Math.min(width, shape.groupChannels() - channel);
      this.f0 = f0;
      this.f1 = f1;
      this.patch = Patch.whole(shape, channels);
    }

    /** Loads a patch and transposes it: a panel's channels side by side. */
    void load(float[] x, int xOffset, ConvCut cut, int index) {
      image = cut.image(index);
      images = cut.images(index);
      row = cut.row(index);
      rows = cut.rows(index);
      int first = group * shape.groupChannels() + channel;
      patch.load(tiles, x, xOffset, image, images, first, row, rows);
      int plane = patch.planeSize();
      long size = (long) images * plane * width + tiles.slack();
      seen = Workspace.mine().lines(Workspace.Slot.RIGHT, size);
      for (int i = 0; i < images; i++) {
        int to = seen.at() + i * plane * width;
        tiles.transpose(
            channels, plane, patch.data(), patch.at(i, 0, 0), plane, seen.array(), to, width);
      }
      int ow = shape.outWidth();
      if (pixel.length != images * rows * ow) {
        pixel = new int[images * rows * ow];
        for (int p = 0; p < pixel.length; p++) {
          int i = p / (rows * ow);
          int place = patch.at(i, p / ow % rows, p % ow) - patch.at(i, 0, 0);
          pixel[p] = (i * plane + place) * width;
        }
      }
    }

    /** Sets or adds what the loaded patch gives: by filter, tap and channel. */
    void add(float[] dy, int dyOffset, float[] sums, int to, boolean add) {
      int kw = shape.kernelW();
      int row = rowOfSums(shape);
      int step = tiles.tileColumns() / width;
      int block = TiledProduct.depthBlock(tiles, pixel.length);
      float[] packed = Workspace.mine().floats(Workspace.Slot.LEFT, tiles.leftSize());
      int panels = divideUp(f1 - f0, tiles.tileRows());
      for (int k = 0; k < pixel.length; k += block) {
        int depth = Math.min(block, pixel.length - k);
        for (int p = 0; p < panels; p++) {
          int f = f0 + TiledProduct.panelStart(tiles, f1 - f0, panels, p);
          int mr = f0 + TiledProduct.panelStart(tiles, f1 - f0, panels, p + 1) - f;
          for (int i = 0; i < mr; i++) {
            pack(dy, dyOffset, f + i, k, depth, packed, i * tiles.rowStride());
          }
          for (int i = 0; i < shape.kernelH(); i++) {
            for (int j = 0; j < kw; j += step) {
              tiles.tapTile(
                  mr,
                  tiles.tileColumns(),
                  add || k > 0,
                  depth,
                  packed,
                  0,
                  seen.array(),
                  seen.at() + patch.taps()[i * channels * kw + j] * width,
                  pixel,
                  k,
                  sums,
                  to + ((f * shape.kernelH() + i) * row + j) * width,
                  shape.kernelH() * row * width);
            }
          }
        }
      }
    }

    /** Copies a filter's output gradients at some of the patch's pixels. */
    private void pack(
        float[] dy, int dyOffset, int f, int from, int count, float[] packed, int at) {
      int perImage = rows * shape.outWidth();
      for (int done = 0; done < count; ) {
        int i = (from + done) / perImage;
        int p = (from + done) % perImage;
        int n = Math.min(perImage - p, count - done);
        int plane = (image + i) * shape.filters() + group * shape.groupFilters() + f;
        int start = dyOffset + plane * shape.outPixels() + row * shape.outWidth() + p;
        System.arraycopy(dy, start, packed, at + done, n);
        done += n;
      }
    }
  }

  /** Adds the partial gradients in order and brings each filter's taps behind its channels. */
  private void combine(
      ConvShape s, float[] partial, int parts, int size, float[] dw, int dwOffset) {
    int width = width(s);
    int row = rowOfSums(s);
    int each = s.kernelH() * row * width;
    int panels = divideUp(s.groupChannels(), width);
    Pieces.work(
        pool,
        (long) size * parts * 4,
        s.filters(),
        filter -> {
          int group = filter / s.groupFilters();
          int f = filter % s.groupFilters();
          for (int panel = 0; panel < panels; panel++) {
            int from = ((group * panels + panel) * s.groupFilters() + f) * each;
            for (int p = 1; p < parts; p++) {
              spans.add(partial, from, partial, from, partial, p * size + from, each);
            }
            int channel = panel * width;
            int count = Math.min(width, s.groupChannels() - channel);
            int to = dwOffset + (filter * s.groupChannels() + channel) * s.area();
            for (int i = 0; i < s.kernelH(); i++) {
              int at = from + i * row * width;
              int first = to + i * s.kernelW();
              tiles.transpose(s.kernelW(), count, partial, at, width, dw, first, s.area());
            }
          }
        });
  }
}
