package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/**
 * The gradient of a convolution's filters: what taps see by the output's gradient, summed over
 * patches in parts that are added up in order; or what {@link Winograd} or {@link
 * DirectFilterGradient} do where they suit.
 */
final class ConvFilterGradient {
  /** With fewer pieces, as of a single image, threads go without: then channels are cut more. */
  private static final int LEAST_PIECES = 8;

  private static final int CHUNK_ROWS = 448;
  private static final int LEAST_CHUNK_ROWS = 128;

  /** Sums that one piece brings to their places. */
  private static final int COMBINED = 1 << 13;

  /** Columns transposed at once: lines of the result, as many as a cache has ways. */
  private static final int FEW_COLUMNS = 16;

  private final TileKernels tiles;
  private final SpanKernels spans;
  private final Winograd winograd;
  private final DirectFilterGradient direct;
  private final WorkerPool pool;

  ConvFilterGradient(TileKernels tiles, SpanKernels spans, Winograd winograd, WorkerPool pool) {
    this.tiles = tiles;
    this.spans = spans;
    this.winograd = winograd;
    this.direct = new DirectFilterGradient(tiles, spans, pool);
    this.pool = pool;
  }

  /** Computes dw, the gradient of the filters, from dy and x. */
  void run(
      ConvShape s, float[] dy, int dyOffset, float[] x, int xOffset, float[] dw, int dwOffset) {
    int size = s.filters() * s.depth();
    if (s.empty() || size == 0) {
      Arrays.fill(dw, dwOffset, dwOffset + size, 0f);
      return;
    }
    if (s.groupChannels() == 1 && s.groups() > 1) {
      depthwiseGradWeight(s, dy, dyOffset, x, xOffset, dw, dwOffset);
      return;
    }
    if (Winograd.suits(s)) {
      winograd.gradWeight(s, dy, dyOffset, x, xOffset, dw, dwOffset);
      return;
    }
    if (direct.suits(s)) {
      direct.run(s, dy, dyOffset, x, xOffset, dw, dwOffset);
      return;
    }
    // Whatever decides the order of the sums depends on the shape alone: one thread's cut.
    int chunks = channelChunks(s);
    ConvCut cut = ConvCut.of(s, divideUp(s.groupChannels(), chunks), 1);
    int parts = cut.sums(size);
    float[] partial = Workspace.mine().floats(Workspace.Slot.PARTIAL, (long) parts * size);
    Pieces.work(
        pool,
        s.work(),
        parts * s.groups() * chunks,
        piece -> {
          int chunk = piece % chunks;
          int group = piece / chunks % s.groups();
          int part = piece / chunks / s.groups();
          gradChunk(
              s,
              cut,
              cut(cut.patches(), parts, part),
              cut(cut.patches(), parts, part + 1),
              group,
              cut(s.groupChannels(), chunks, chunk),
              cut(s.groupChannels(), chunks, chunk + 1),
              dy,
              dyOffset,
              x,
              xOffset,
              partial,
              part * size + group * s.groupFilters() * s.depth());
        });
    combine(s, partial, parts, size, dw, dwOffset);
  }

  /** Parts of a group's channels whose filter gradients are pieces of their own. */
  private static int channelChunks(ConvShape s) {
    int chunks = Math.max(1, Math.min(s.groupChannels(), s.depth() / CHUNK_ROWS));
    int pieces = ConvCut.of(s, divideUp(s.groupChannels(), chunks), 1).patches() * s.groups();
    int more = Math.min(s.depth() / LEAST_CHUNK_ROWS, LEAST_PIECES / pieces);
    return Math.max(chunks, Math.min(s.groupChannels(), more));
  }

  /** Adds up patches for some channels: rows are filter taps, columns filters. */
  private void gradChunk(
      ConvShape s,
      ConvCut cut,
      int first,
      int last,
      int group,
      int c0,
      int c1,
      float[] dy,
      int dyOffset,
      float[] x,
      int xOffset,
      float[] partial,
      int offset) {
    Patch patch = new Patch(s, c1 - c0);
    LeftOperand left = patch.rows();
    int filters = s.groupFilters();
    Destination to = Destination.matrix(partial, offset + c0 * s.area() * filters, filters);
    for (int p = first; p < last; p++) {
      int image = cut.image(p);
      int row = cut.row(p);
      patch.load(
          tiles,
          x,
          xOffset,
          image,
          cut.images(p),
          group * s.groupChannels() + c0,
          row,
          cut.rows(p));
      int from =
          dyOffset + (image * s.filters() + group * filters) * s.outPixels() + row * s.outWidth();
      RightOperand right =
          new Gradients(
              dy, from, s.outPixels(), cut.rows(p) * s.outWidth(), s.filters() * s.outPixels());
      TiledProduct.run(
          tiles,
          left,
          right,
          to,
          Epilogue.NONE,
          1f,
          p > first,
          0,
          (c1 - c0) * s.area(),
          0,
          filters,
          patch.pixels());
    }
  }

  /** Output gradients with pixels as rows and filters as columns. */
  private record Gradients(float[] dy, int offset, int ld, int perImage, int imageStride)
      implements RightOperand {
    @Override
    public void pack(
        TileKernels tiles, int k, int depth, int column, int columns, float[] panels, int at) {
      for (int done = 0; done < depth; ) {
        int image = (k + done) / perImage;
        int pixel = (k + done) % perImage;
        int count = Math.min(perImage - pixel, depth - done);
        tiles.packColumnsTransposed(
            dy,
            offset + image * imageStride + column * ld + pixel,
            ld,
            count,
            columns,
            panels,
            depth,
            at + done * tiles.tileColumns());
        done += count;
      }
    }
  }

  /** Adds the partial gradients in order and transposes each group. */
  private void combine(
      ConvShape s, float[] partial, int parts, int size, float[] dw, int dwOffset) {
    int filters = s.groupFilters();
    int depth = s.depth();
    int block = Math.max(1, COMBINED / filters);
    int blocks = divideUp(depth, block);
    Pieces.work(
        pool,
        (long) size * parts * 4,
        s.groups() * blocks,
        piece -> {
          int group = piece / blocks;
          int k0 = piece % blocks * block;
          int rows = Math.min(block, depth - k0);
          int from = (group * depth + k0) * filters;
          for (int p = 1; p < parts; p++) {
            spans.add(partial, from, partial, from, partial, p * size + from, rows * filters);
          }
          int to = dwOffset + group * filters * depth + k0;
          for (int f = 0; f < filters; f += FEW_COLUMNS) {
            int few = Math.min(FEW_COLUMNS, filters - f);
            tiles.transpose(rows, few, partial, from + f, filters, dw, to + f * depth, depth);
          }
        });
  }

  private void depthwiseGradWeight(
      ConvShape s, float[] dy, int dyOffset, float[] x, int xOffset, float[] dw, int dwOffset) {
    int each = s.groupFilters();
    int area = s.area();
    int pixels = s.outPixels();
    Pieces.work(
        pool,
        s.work() * 8,
        s.groups(),
        channel -> {
          Patch patch = new Patch(s, 1);
          float[] sums =
              Workspace.mine()
                  .floats(Workspace.Slot.TILE, (long) tiles.dotRows() * tiles.dotColumns());
          int out = dwOffset + channel * each * area;
          Arrays.fill(dw, out, out + each * area, 0f);
          for (int image = 0; image < s.images(); image++) {
            patch.load(tiles, x, xOffset, image, 1, channel, 0, s.outHeight());
            for (int f = 0; f < each; f++) {
              int from = dyOffset + (image * s.filters() + channel * each + f) * pixels;
              patch.addFilterGradient(tiles, dy, from, sums, dw, out + f * area);
            }
          }
        });
  }
}
