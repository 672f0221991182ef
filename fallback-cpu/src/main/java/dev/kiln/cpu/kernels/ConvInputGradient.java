package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.backend.Conv2dSpec;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/**
 * The gradient of a convolution's input: a convolution of the output's gradient with the turned
 * filters, or for strides above 1 what {@link DirectInputGradient} does, or columns of gradients
 * that are added to the pixels they came from.
 */
final class ConvInputGradient {
  /** Output pixels whose columns are spread at once. */
  private static final int SPREAD_PIXELS = 384;

  private final Conv2d convolution;
  private final TileKernels tiles;
  private final Winograd winograd;
  private final DirectInputGradient direct;
  private final WorkerPool pool;

  ConvInputGradient(Conv2d convolution, TileKernels tiles, Winograd winograd, WorkerPool pool) {
    this.convolution = convolution;
    this.tiles = tiles;
    this.winograd = winograd;
    this.direct = new DirectInputGradient(tiles, pool);
    this.pool = pool;
  }

  /** Computes dx, the gradient of the input, from dy. */
  void run(
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
      convolution.forward(
          s.backward(), dy, dyOffset, turned, 0, Conv2d.NO_BIAS, 0, false, dx, dxOffset);
    } else if (s.groupChannels() == 1 && s.groups() > 1) {
      DepthwiseGradient gradient = new DepthwiseGradient(s, tiles);
      Pieces.work(
          pool,
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
    } else if (direct.suits(s)) {
      direct.run(s, dy, dyOffset, w, wOffset, dx, dxOffset);
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
    Pieces.work(
        pool,
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
            new Conv2dSpec(1, 1, 0, 0, 1, 1, 1));
    int pixels = s.outPixels();
    int together =
        Math.max(
            1, Math.min(divideUp(s.images(), pool.threads()), SPREAD_PIXELS / Math.max(1, pixels)));
    int patches = divideUp(s.images(), together);
    Pieces.work(
        pool,
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
}
