package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/**
 * 2-d convolution and its gradients as products of filters with patches of images, packed on the
 * fly (implicit GEMM; Chetlur et al., cuDNN, 2014).
 *
 * <p>Images are NCHW, filters OIHW. The bits of a result do not depend on the number of threads.
 */
public final class Conv2d {
  private static final long SERIAL_WORK = 250_000;
  private static final int PATCH_PIXELS = 768;
  private static final long PATCH_FLOATS = 160_000;
  private static final int GRADIENT_PIECES = 16;

  /** With fewer, as for a single image, threads would go without: then channels are cut more. */
  private static final int LEAST_GRADIENT_PIECES = 8;

  private static final long PARTIAL_FLOATS = 4_000_000;
  private static final int CHUNK_ROWS = 448;
  private static final int LEAST_CHUNK_ROWS = 128;

  /** Up to so many filters, packing what taps see costs more than reading it where it lies. */
  private static final int FEW_FILTERS = 40;

  /** And from so deep on, storing the sums twice does not. */
  private static final int DEEP = 64;

  /** Sums of filter gradients that one piece brings to their places. */
  private static final int COMBINED = 1 << 13;

  /** Columns transposed at once: lines of the result, as many as a cache has ways. */
  private static final int FEW_COLUMNS = 16;

  /** Channels that one piece of a depthwise convolution takes. */
  private static final int DEPTHWISE_CHANNELS = 8;

  /** Filters of a group that no second-level cache holds, in floats. */
  private static final int MANY_WEIGHTS = 1 << 19;

  private final TileKernels tiles;
  private final SpanKernels spans;
  private final WorkerPool pool;
  private final Winograd winograd;
  private final Gemm gemm;

  /** Creates the driver over the given inner loops and threads. */
  public Conv2d(Kernels kernels, WorkerPool pool) {
    this.tiles = kernels.tiles();
    this.spans = kernels.spans();
    this.pool = pool;
    this.winograd = new Winograd(tiles, kernels.winograd(), pool);
    this.gemm = new Gemm(tiles, pool);
  }

  /**
   * Computes y = convolution of x with w, plus a bias per filter, rectified if asked.
   *
   * @param bias one value per filter, or an empty array
   */
  public void forward(
      ConvShape s,
      float[] x,
      int xOffset,
      float[] w,
      int wOffset,
      float[] bias,
      int biasOffset,
      boolean relu,
      float[] y,
      int yOffset) {
    if (s.empty()) {
      return;
    }
    if (s.groupChannels() == 1 && s.groups() > 1) {
      depthwise(s, x, xOffset, w, wOffset, bias, biasOffset, relu, y, yOffset);
      return;
    }
    Epilogue epilogue =
        bias.length == 0
            ? (relu ? Epilogue.RELU : Epilogue.NONE)
            : Epilogue.rowBias(bias, biasOffset, relu);
    if (fewPixels(s)) {
      rowsOfFilters(s, x, xOffset, w, wOffset, epilogue, y, yOffset);
      return;
    }
    if (Winograd.suits(s)) {
      winograd.forward(s, x, xOffset, w, wOffset, false, epilogue, y, yOffset);
      return;
    }
    Cut cut = Cut.of(s, s.groupChannels(), pool.threads());
    int rowPanels = divideUp(s.groupFilters(), tiles.tileRows());
    int patches = cut.patches() * s.groups();
    int rowParts =
        s.work() < SERIAL_WORK
            ? 1
            : Math.min(rowPanels, Math.max(1, divideUp(pool.threads(), patches)));
    forPieces(
        s.work(),
        patches * rowParts,
        piece -> {
          int part = piece % rowParts;
          int group = piece / rowParts % s.groups();
          int patch = piece / rowParts / s.groups();
          forwardPatch(
              s,
              cut,
              patch,
              group,
              cut(s.groupFilters(), rowParts, part),
              cut(s.groupFilters(), rowParts, part + 1),
              x,
              xOffset,
              w,
              wOffset,
              epilogue,
              y,
              yOffset);
        });
  }

  /** Whether reading the filters, each element for a few pixels, is most of the work. */
  private static boolean fewPixels(ConvShape s) {
    return s.images() == 1
        && s.outPixels() <= Gemm.SKINNY
        && s.depth() >= Gemm.LONG
        && (long) s.groupFilters() * s.depth() >= MANY_WEIGHTS;
  }

  /** Inner products of filters where they lie with what each pixel sees. */
  private void rowsOfFilters(
      ConvShape s,
      float[] x,
      int xOffset,
      float[] w,
      int wOffset,
      Epilogue epilogue,
      float[] y,
      int yOffset) {
    int pixels = s.outPixels();
    int depth = s.depth();
    float[] seen = Workspace.mine().floats(Workspace.Slot.COLUMNS, (long) pixels * depth);
    Patch patch = new Patch(s, s.groupChannels());
    for (int group = 0; group < s.groups(); group++) {
      patch.load(tiles, x, xOffset, 0, 1, group * s.groupChannels(), 0, s.outHeight());
      forPieces((long) pixels * depth * 8, pixels, p -> patch.copyPixel(p, seen, p * depth));
      int filter = group * s.groupFilters();
      gemm.multiply(
          false,
          true,
          s.groupFilters(),
          pixels,
          depth,
          1f,
          w,
          wOffset + filter * depth,
          depth,
          seen,
          0,
          depth,
          0f,
          y,
          yOffset + filter * pixels,
          pixels,
          epilogue.shifted(filter, 0));
    }
  }

  /** Whether tiles read what taps see where it lies. */
  private static boolean unpacked(ConvShape s) {
    return s.groupFilters() <= FEW_FILTERS && s.depth() >= DEEP;
  }

  private void forwardPatch(
      ConvShape s,
      Cut cut,
      int index,
      int group,
      int m0,
      int m1,
      float[] x,
      int xOffset,
      float[] w,
      int wOffset,
      Epilogue epilogue,
      float[] y,
      int yOffset) {
    Patch patch = new Patch(s, s.groupChannels());
    int image = cut.image(index);
    int row = cut.row(index);
    int rows = cut.rows(index);
    patch.load(tiles, x, xOffset, image, cut.images(index), group * s.groupChannels(), row, rows);
    int filter = group * s.groupFilters();
    int out = yOffset + (image * s.filters() + filter) * s.outPixels() + row * s.outWidth();
    LeftOperand left = LeftOperand.matrix(w, wOffset + filter * s.depth(), s.depth(), false);
    Destination to =
        new Destination(y, out, s.outPixels(), rows * s.outWidth(), s.filters() * s.outPixels());
    if (unpacked(s)) {
      patch.filters(tiles, left, m0, m1, epilogue.shifted(filter, 0), to);
      return;
    }
    TiledProduct.run(
        tiles,
        left,
        patch,
        to,
        epilogue.shifted(filter, 0),
        1f,
        false,
        m0,
        m1,
        0,
        patch.pixels(),
        s.depth());
  }

  private void forPieces(long work, int pieces, java.util.function.IntConsumer body) {
    if (work < SERIAL_WORK) {
      for (int i = 0; i < pieces; i++) {
        body.accept(i);
      }
    } else {
      pool.parallelFor(pieces, body);
    }
  }

  /** How a batch is cut into patches: several small images, one image, or bands of one. */
  private record Cut(ConvShape shape, int imagesPerPatch, int bands) {
    static Cut of(ConvShape s, int channels, int threads) {
      long perImage = Patch.size(s, channels, s.outHeight());
      int pixels = s.outPixels();
      int together =
          (int) Math.max(1, Math.min(PATCH_PIXELS / pixels, PATCH_FLOATS / Math.max(1, perImage)));
      if (threads > 1) { // as many patches as make even rounds
        int rounds = divideUp(divideUp(s.images(), together), threads);
        together = Math.max(1, divideUp(s.images(), rounds * threads));
      }
      int bands = 1;
      if (together == 1) {
        long tooLarge = (perImage + PATCH_FLOATS - 1) / PATCH_FLOATS;
        long tooFew = s.images() < threads ? divideUp(2 * threads, s.images()) : 1;
        long wanted = Math.max(tooLarge, Math.min(tooFew, Math.max(1, pixels / 128)));
        int rows = Math.max(Math.min(4, s.outHeight()), (int) (s.outHeight() / wanted));
        bands = divideUp(s.outHeight(), rows);
      }
      return new Cut(s, together, bands);
    }

    int patches() {
      return divideUp(shape.images(), imagesPerPatch) * bands;
    }

    int image(int patch) {
      return patch / bands * imagesPerPatch;
    }

    int images(int patch) {
      return Math.min(imagesPerPatch, shape.images() - image(patch));
    }

    int row(int patch) {
      return TiledProduct.cut(shape.outHeight(), bands, patch % bands);
    }

    int rows(int patch) {
      return TiledProduct.cut(shape.outHeight(), bands, patch % bands + 1) - row(patch);
    }
  }

  private void depthwise(
      ConvShape s,
      float[] x,
      int xOffset,
      float[] w,
      int wOffset,
      float[] bias,
      int biasOffset,
      boolean relu,
      float[] y,
      int yOffset) {
    int each = s.groupFilters();
    int parts = divideUp(s.groups(), DEPTHWISE_CHANNELS);
    forPieces(
        s.work() * 8,
        s.images() * parts,
        piece -> {
          int image = piece / parts;
          Patch patch = new Patch(s, 1);
          for (int channel = cut(s.groups(), parts, piece % parts);
              channel < cut(s.groups(), parts, piece % parts + 1);
              channel++) {
            patch.load(tiles, x, xOffset, image, 1, channel, 0, s.outHeight());
            for (int f = channel * each; f < (channel + 1) * each; f++) {
              float b = bias.length == 0 ? 0f : bias[biasOffset + f];
              int out = yOffset + (image * s.filters() + f) * s.outPixels();
              patch.filter(tiles, b, w, wOffset + f * s.area(), y, out);
              if (relu) {
                tiles.finishRows(1, s.outPixels(), y, out, 0, NO_BIAS, 0, true);
              }
            }
          }
        });
  }

  private static final float[] NO_BIAS = {};

  /** Computes dx, the gradient of the input, from dy. */
  public void gradInput(
      ConvShape s, float[] dy, int dyOffset, float[] w, int wOffset, float[] dx, int dxOffset) {
    if (s.images() == 0 || s.channels() == 0) {
      return;
    }
    if (s.empty()) {
      Arrays.fill(dx, dxOffset, dxOffset + s.images() * s.channels() * s.inPixels(), 0f);
      return;
    }
    if (s.unitStride()
        && s.backward().spec().paddingH() >= 0
        && s.backward().spec().paddingW() >= 0) {
      if (Winograd.suits(s.backward())) {
        winograd.forward(s.backward(), dy, dyOffset, w, wOffset, true, Epilogue.NONE, dx, dxOffset);
        return;
      }
      float[] turned =
          Workspace.mine()
              .floats(Workspace.Slot.WEIGHTS, (long) s.channels() * s.groupFilters() * s.area());
      turnFilters(s, w, wOffset, turned);
      forward(s.backward(), dy, dyOffset, turned, 0, NO_BIAS, 0, false, dx, dxOffset);
    } else if (s.groupChannels() == 1 && s.groups() > 1) {
      DepthwiseGradient gradient = new DepthwiseGradient(s, tiles);
      forPieces(
          s.work() * 8,
          s.images() * s.channels(),
          plane ->
              gradient.plane(
                  dy,
                  dyOffset + plane * s.groupFilters() * s.outPixels(),
                  w,
                  wOffset + plane % s.channels() * s.groupFilters() * s.area(),
                  dx,
                  dxOffset + plane * s.inPixels()));
    } else {
      scatter(s, dy, dyOffset, w, wOffset, dx, dxOffset);
    }
  }

  /**
   * Exchanges input and output channels within each group and turns every filter by 180 degrees.
   */
  private void turnFilters(ConvShape s, float[] w, int wOffset, float[] turned) {
    int area = s.area();
    int filters = s.groupFilters();
    int channels = s.groupChannels();
    int chunk = Math.max(1, 128 / area);
    int chunks = divideUp(channels, chunk);
    forPieces(
        (long) s.channels() * filters * area,
        s.groups() * chunks,
        piece -> {
          int group = piece / chunks;
          int c0 = piece % chunks * chunk;
          int c1 = Math.min(channels, c0 + chunk);
          for (int f = 0; f < filters; f++) {
            for (int c = c0; c < c1; c++) {
              int from = wOffset + ((group * filters + f) * channels + c) * area;
              int to = ((group * channels + c) * filters + f) * area + area - 1;
              for (int t = 0; t < area; t++) {
                turned[to - t] = w[from + t];
              }
            }
          }
        });
  }

  /** For strides above 1: columns of gradients, added to the pixels they came from. */
  private void scatter(
      ConvShape s, float[] dy, int dyOffset, float[] w, int wOffset, float[] dx, int dxOffset) {
    ConvShape point =
        ConvShape.of(
            s.images(),
            s.filters(),
            s.outHeight(),
            s.outWidth(),
            s.filters(),
            1,
            1,
            new dev.kiln.backend.Conv2dSpec(1, 1, 0, 0, 1, 1, 1));
    int pixels = s.outPixels();
    int together =
        Math.max(
            1,
            Math.min(divideUp(s.images(), pool.threads()), PATCH_PIXELS / 2 / Math.max(1, pixels)));
    int patches = divideUp(s.images(), together);
    forPieces(
        s.work(),
        patches * s.groups(),
        piece -> {
          int group = piece % s.groups();
          int image = piece / s.groups() * together;
          int count = Math.min(together, s.images() - image);
          int columns = count * pixels;
          Patch patch = new Patch(point, s.groupFilters());
          patch.load(tiles, dy, dyOffset, image, count, group * s.groupFilters(), 0, s.outHeight());
          float[] spread =
              Workspace.mine().floats(Workspace.Slot.COLUMNS, (long) s.depth() * columns);
          LeftOperand left =
              LeftOperand.matrix(
                  w, wOffset + group * s.groupFilters() * s.depth(), s.depth(), true);
          TiledProduct.run(
              tiles,
              left,
              patch,
              Destination.matrix(spread, 0, columns),
              Epilogue.NONE,
              1f,
              false,
              0,
              s.depth(),
              0,
              columns,
              s.groupFilters());
          for (int i = 0; i < count; i++) {
            int to =
                dxOffset + ((image + i) * s.channels() + group * s.groupChannels()) * s.inPixels();
            Arrays.fill(dx, to, to + s.groupChannels() * s.inPixels(), 0f);
            int end = to + s.groupChannels() * s.inPixels();
            for (int k = 0; k < s.depth(); k++) {
              addPlane(s, spread, k * columns + i * pixels, k, dx, to, end);
            }
          }
        });
  }

  private void addPlane(ConvShape s, float[] spread, int from, int k, float[] dx, int to, int end) {
    int t = k % s.area();
    int h0 = t / s.kernelW() * s.spec().dilationH() - s.spec().paddingH();
    int w0 = t % s.kernelW() * s.spec().dilationW() - s.spec().paddingW();
    int sh = s.spec().strideH();
    int sw = s.spec().strideW();
    Inside rows = Inside.of(h0, sh, s.height(), s.outHeight());
    Inside columns = Inside.of(w0, sw, s.width(), s.outWidth());
    int n = columns.count();
    int f = from + rows.from() * s.outWidth() + columns.from();
    int plane = to + k / s.area() * s.inPixels();
    int d = plane + (h0 + rows.from() * sh) * s.width() + w0 + columns.from() * sw;
    int step = sh * s.width();
    if (sw == 2) {
      tiles.addToEverySecond(spread, f, s.outWidth(), dx, d, step, rows.count(), n, end);
      return;
    }
    for (int r = 0; r < rows.count(); r++, f += s.outWidth(), d += step) {
      for (int j = 0; j < n; j++) {
        dx[d + j * sw] += spread[f + j];
      }
    }
  }

  /** Computes dw, the gradient of the filters, from dy and x. */
  public void gradWeight(
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
    // Whatever decides the order of the sums depends on the shape alone: one thread's cut.
    int chunks = channelChunks(s);
    Cut cut = Cut.of(s, divideUp(s.groupChannels(), chunks), 1);
    int parts =
        (int)
            Math.max(1, Math.min(Math.min(cut.patches(), GRADIENT_PIECES), PARTIAL_FLOATS / size));
    float[] partial = Workspace.mine().floats(Workspace.Slot.PARTIAL, (long) parts * size);
    forPieces(
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
    int pieces = Cut.of(s, divideUp(s.groupChannels(), chunks), 1).patches() * s.groups();
    int more = Math.min(s.depth() / LEAST_CHUNK_ROWS, LEAST_GRADIENT_PIECES / pieces);
    return Math.max(chunks, Math.min(s.groupChannels(), more));
  }

  /** Adds up patches for some channels: rows are filter taps, columns filters. */
  private void gradChunk(
      ConvShape s,
      Cut cut,
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
    forPieces(
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
    forPieces(
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

  /** Computes db, the gradient of the bias: the sum of dy over images and pixels. */
  public void gradBias(ConvShape s, float[] dy, int dyOffset, float[] db, int dbOffset) {
    int pixels = s.outPixels();
    forPieces(
        (long) s.images() * s.filters() * pixels,
        s.filters(),
        f -> {
          double sum = 0;
          for (int image = 0; image < s.images(); image++) {
            int from = dyOffset + (image * s.filters() + f) * pixels;
            float s0 = 0f;
            float s1 = 0f;
            float s2 = 0f;
            float s3 = 0f;
            int p = 0;
            for (; p + 4 <= pixels; p += 4) {
              s0 += dy[from + p];
              s1 += dy[from + p + 1];
              s2 += dy[from + p + 2];
              s3 += dy[from + p + 3];
            }
            for (; p < pixels; p++) {
              s0 += dy[from + p];
            }
            sum += (double) (s0 + s1) + (s2 + s3);
          }
          db[dbOffset + f] = (float) sum;
        });
  }
}
