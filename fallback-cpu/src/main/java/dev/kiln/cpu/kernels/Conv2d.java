package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;

/**
 * 2-d convolution and its gradients, each in the way that is quickest for the shape: {@link
 * Winograd} with few multiplications, {@link DirectConv2d} with pixels read where they lie, and
 * here products of filters with patches of images, packed on the fly (implicit GEMM; Chetlur et
 * al., cuDNN, 2014).
 *
 * <p>Images are NCHW, filters OIHW. The bits of a result do not depend on the number of threads.
 */
public final class Conv2d {
  static final float[] NO_BIAS = {};

  /** Up to so many filters, packing what taps see costs more than reading it where it lies. */
  private static final int FEW_FILTERS = 40;

  /** And from so deep on, storing the sums twice does not. */
  private static final int DEEP = 64;

  /** Channels that one piece of a depthwise convolution takes. */
  private static final int DEPTHWISE_CHANNELS = 8;

  /** Filters of a group that no second-level cache holds, in floats. */
  private static final int MANY_WEIGHTS = 1 << 19;

  private final TileKernels tiles;
  private final WorkerPool pool;
  private final Winograd winograd;
  private final DirectConv2d direct;
  private final Gemm gemm;
  private final ConvInputGradient inputGradient;
  private final ConvFilterGradient filterGradient;

  /** Creates the driver over the given inner loops and threads. */
  public Conv2d(Kernels kernels, WorkerPool pool) {
    this.tiles = kernels.tiles();
    this.pool = pool;
    this.winograd = new Winograd(tiles, kernels.winograd(), pool);
    this.direct = new DirectConv2d(tiles, pool);
    this.gemm = new Gemm(tiles, pool);
    this.inputGradient = new ConvInputGradient(this, tiles, winograd, pool);
    this.filterGradient = new ConvFilterGradient(tiles, kernels.spans(), winograd, pool);
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
    if (direct.suits(s)) {
      direct.forward(s, x, xOffset, w, wOffset, epilogue, y, yOffset);
      return;
    }
    ConvCut cut = ConvCut.of(s, s.groupChannels(), pool.threads());
    int rowPanels = divideUp(s.groupFilters(), tiles.tileRows());
    int patches = cut.patches() * s.groups();
    int rowParts = cut.filterParts(rowPanels, pool.threads());
    Pieces.work(
        pool,
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
      Pieces.work(
          pool, (long) pixels * depth * 8, pixels, p -> patch.copyPixel(p, seen, p * depth));
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
      ConvCut cut,
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
    Pieces.work(
        pool,
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

  /** Computes dx, the gradient of the input, from dy. */
  public void gradInput(
      ConvShape s, float[] dy, int dyOffset, float[] w, int wOffset, float[] dx, int dxOffset) {
    inputGradient.run(s, dy, dyOffset, w, wOffset, dx, dxOffset);
  }

  /** Computes dw, the gradient of the filters, from dy and x. */
  public void gradWeight(
      ConvShape s, float[] dy, int dyOffset, float[] x, int xOffset, float[] dw, int dwOffset) {
    filterGradient.run(s, dy, dyOffset, x, xOffset, dw, dwOffset);
  }

  /** Computes db, the gradient of the bias: the sum of dy over images and pixels. */
  public void gradBias(ConvShape s, float[] dy, int dyOffset, float[] db, int dbOffset) {
    int pixels = s.outPixels();
    Pieces.work(
        pool,
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
