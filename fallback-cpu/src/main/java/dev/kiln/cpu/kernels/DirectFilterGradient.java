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
 * they lie.
 */
final class DirectFilterGradient {
  private static final int PARTS = 16;

  private static final long PARTIAL_FLOATS = 4_000_000;

  /** Part of the panels that must be filled; the rest is work for nothing. */
  private static final double FILLED = 0.7;

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
        && DirectConv2d.filled(tiles, s.groupChannels()) >= FILLED;
  }

  /** Computes dw, the gradient of the filters, from dy and x. */
  void run(
      ConvShape s, float[] dy, int dyOffset, float[] x, int xOffset, float[] dw, int dwOffset) {
    // Whatever decides the order of the sums depends on the shape alone: one thread's cut.
    int nr = tiles.tileColumns();
    ConvCut cut = ConvCut.of(s, Math.min(nr, s.groupChannels()), 1);
    int panels = divideUp(s.groupChannels(), nr);
    int size = panels * s.filters() * s.area() * nr;
    int parts = (int) Math.max(1, Math.min(Math.min(cut.patches(), PARTS), PARTIAL_FLOATS / size));
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
                  panel * nr,
                  cut(s.groupFilters(), slices, slice),
                  cut(s.groupFilters(), slices, slice + 1));
          int to = part * size + (group * panels + panel) * s.groupFilters() * s.area() * nr;
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
      this.channels = Math.min(tiles.tileColumns(), shape.groupChannels() - channel);
      this.f0 = f0;
      this.f1 = f1;
      this.patch = Patch.whole(shape, channels);
    }

    /** Loads a patch and transposes it: a panel's channels side by side. */
    void load(float[] x, int xOffset, ConvCut cut, int index) {
      int nr = tiles.tileColumns();
      image = cut.image(index);
      images = cut.images(index);
      row = cut.row(index);
      rows = cut.rows(index);
      int first = group * shape.groupChannels() + channel;
      patch.load(tiles, x, xOffset, image, images, first, row, rows);
      int plane = patch.planeSize();
      seen =
          Workspace.mine().lines(Workspace.Slot.RIGHT, (long) images * plane * nr + tiles.slack());
      for (int i = 0; i < images; i++) {
        int to = seen.at() + i * plane * nr;
        tiles.packColumnsTransposed(
            patch.data(), patch.at(i, 0, 0), plane, plane, channels, seen.array(), plane, to);
      }
      int ow = shape.outWidth();
      if (pixel.length != images * rows * ow) {
        pixel = new int[images * rows * ow];
        for (int p = 0; p < pixel.length; p++) {
          int i = p / (rows * ow);
          int place = patch.at(i, p / ow % rows, p % ow) - patch.at(i, 0, 0);
          pixel[p] = (i * plane + place) * nr;
        }
      }
    }

    /** Sets or adds what the loaded patch gives: by filter, tap and channel. */
    void add(float[] dy, int dyOffset, float[] sums, int to, boolean add) {
      int nr = tiles.tileColumns();
      int area = shape.area();
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
          for (int t = 0; t < area; t++) {
            int tap =
                patch
                    .taps()[t / shape.kernelW() * channels * shape.kernelW() + t % shape.kernelW()];
            tiles.tapTile(
                mr,
                nr,
                add || k > 0,
                depth,
                packed,
                0,
                seen.array(),
                seen.at() + tap * nr,
                pixel,
                k,
                sums,
                to + (f * area + t) * nr,
                area * nr);
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
    int nr = tiles.tileColumns();
    int area = s.area();
    int panels = divideUp(s.groupChannels(), nr);
    Pieces.work(
        pool,
        (long) size * parts * 4,
        s.filters(),
        filter -> {
          int group = filter / s.groupFilters();
          int f = filter % s.groupFilters();
          for (int panel = 0; panel < panels; panel++) {
            int channel = panel * nr;
            int from = ((group * panels + panel) * s.groupFilters() + f) * area * nr;
            for (int p = 1; p < parts; p++) {
              spans.add(partial, from, partial, from, partial, p * size + from, area * nr);
            }
            int count = Math.min(nr, s.groupChannels() - channel);
            int to = dwOffset + (filter * s.groupChannels() + channel) * area;
            tiles.transpose(area, count, partial, from, nr, dw, to, area);
          }
        });
  }
}
