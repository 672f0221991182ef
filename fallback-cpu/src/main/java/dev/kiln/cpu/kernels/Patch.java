package dev.kiln.cpu.kernels;

import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/**
 * A band of rows of a few images, laid out so that every filter tap reads output pixels side by
 * side: padded with zeros and, for strides above 1, split by the remainder of row and column.
 *
 * <p>As a right operand, its columns are output pixels and its rows filter taps (the matrix that
 * im2col would build, never stored). As a left operand it is the transpose.
 */
final class Patch implements RightOperand {
  /** Pixels computed by {@link #filters} at once: their sums stay in the second-level cache. */
  private static final int FLAT_PIXELS = 1024;

  private final ConvShape shape;
  private final int channels;
  private final boolean whole;
  private final int splitH;
  private final int splitW;
  private final int[] tap;
  private final int[] phase;
  private int bandRows;
  private boolean inPlace;
  private int phaseRows;
  private int phaseColumns;
  private int channelSize;
  private int imageSize;
  private int images;
  private float[] data = new float[0];
  private int base;
  private final PixelRuns runs = new PixelRuns();

  /**
   * Describes patches of {@code bandRows} output rows and {@code channels} channels.
   *
   * @param channels channels that the patch holds
   */
  Patch(ConvShape shape, int channels) {
    this(shape, channels, false);
  }

  private Patch(ConvShape shape, int channels, boolean whole) {
    this.shape = shape;
    this.channels = channels;
    this.whole = whole;
    this.splitH = whole ? 1 : shape.spec().strideH();
    this.splitW = whole ? 1 : shape.spec().strideW();
    this.tap = new int[channels * shape.area()];
    this.phase = new int[splitH * splitW];
  }

  /**
   * Describes patches that are not split: output pixels side by side are read a stride apart. Taps
   * go by filter row, channel, column instead of channel, row, column.
   */
  static Patch whole(ConvShape shape, int channels) {
    return new Patch(shape, channels, true);
  }

  /** Floats that a patch of {@code rows} output rows of one image takes, about. */
  static long size(ConvShape s, int channels, int rows) {
    long h =
        (long) (rows - 1) * s.spec().strideH()
            + (long) s.spec().dilationH() * (s.kernelH() - 1)
            + 1;
    long w =
        (long) (s.outWidth() - 1) * s.spec().strideW()
            + (long) s.spec().dilationW() * (s.kernelW() - 1)
            + 1;
    return channels * h * w;
  }

  /**
   * Loads {@code count} images from {@code image} on, channels from {@code channel} on, as much as
   * output rows {@code row .. row + rows} see.
   */
  void load(
      TileKernels tiles,
      float[] x,
      int offset,
      int image,
      int count,
      int channel,
      int row,
      int rows) {
    images = count;
    int pixels = shape.inPixels();
    int first = offset + (image * shape.channels() + channel) * pixels;
    long reach = (long) first + ((long) (count - 1) * shape.channels() + channels) * pixels;
    boolean direct = shape.pointwise() && reach + tiles.slack() <= x.length;
    layOut(rows, direct);
    if (direct) {
      data = x;
      base = first + row * shape.width();
      imageSize = shape.channels() * pixels;
      return;
    }
    base = 0;
    data = Workspace.mine().floats(Workspace.Slot.IMAGE, (long) count * imageSize + tiles.slack());
    for (int i = 0; i < count; i++) {
      for (int c = 0; c < channels; c++) {
        int from = offset + ((image + i) * shape.channels() + channel + c) * pixels;
        loadPlane(tiles, x, from, i * imageSize + c * channelSize, row);
      }
    }
  }

  private void layOut(int rows, boolean direct) {
    if (rows == bandRows && direct == inPlace) {
      imageSize = channels * channelSize;
      return;
    }
    bandRows = rows;
    inPlace = direct;
    int sh = splitH;
    int sw = splitW;
    int dh = shape.spec().dilationH();
    int dw = shape.spec().dilationW();
    phaseRows = 1 + ((rows - 1) * shape.spec().strideH() + dh * (shape.kernelH() - 1)) / sh;
    phaseColumns =
        1 + ((shape.outWidth() - 1) * shape.spec().strideW() + dw * (shape.kernelW() - 1)) / sw;
    Arrays.fill(phase, -1);
    int used = 0;
    for (int i = 0; i < shape.kernelH(); i++) {
      for (int j = 0; j < shape.kernelW(); j++) {
        int p = i * dh % sh * sw + j * dw % sw;
        if (phase[p] < 0) {
          phase[p] = used++;
        }
      }
    }
    int planeSize = direct ? shape.inPixels() : phaseRows * phaseColumns;
    channelSize = used * planeSize;
    imageSize = channels * channelSize;
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < shape.kernelH(); i++) {
        int t = (whole ? i * channels + c : c * shape.kernelH() + i) * shape.kernelW();
        for (int j = 0; j < shape.kernelW(); j++) {
          int p = phase[i * dh % sh * sw + j * dw % sw];
          tap[t++] = c * channelSize + p * planeSize + i * dh / sh * phaseColumns + j * dw / sw;
        }
      }
    }
  }

  private void loadPlane(TileKernels tiles, float[] x, int from, int to, int row) {
    int sh = splitH;
    int sw = splitW;
    for (int p = 0; p < phase.length; p++) {
      if (phase[p] >= 0) {
        int h0 = row * shape.spec().strideH() + p / sw - shape.spec().paddingH();
        int w0 = p % sw - shape.spec().paddingW();
        Inside rows = Inside.of(h0, sh, shape.height(), phaseRows);
        Inside columns = Inside.of(w0, sw, shape.width(), phaseColumns);
        int d = to + phase[p] * phaseRows * phaseColumns;
        int inside = d + rows.from() * phaseColumns;
        int below = d + rows.to() * phaseColumns;
        Arrays.fill(data, d, inside, 0f);
        Arrays.fill(data, below, d + phaseRows * phaseColumns, 0f);
        clearSides(inside, below, columns);
        int w = shape.width();
        int start = from + (h0 + rows.from() * sh) * w + w0 + columns.from() * sw;
        int first = inside + columns.from();
        copyRows(tiles, x, start, sh * w, sw, first, rows.count(), columns.count());
      }
    }
  }

  /** Zeros the columns beside those that meet a pixel. */
  private void clearSides(int from, int to, Inside columns) {
    for (int d = from; d < to && columns.count() < phaseColumns; d += phaseColumns) {
      for (int j = 0; j < columns.from(); j++) {
        data[d + j] = 0f;
      }
      for (int j = columns.to(); j < phaseColumns; j++) {
        data[d + j] = 0f;
      }
    }
  }

  /** Copies every {@code step}-th pixel of rows to n pixels each. */
  private void copyRows(
      TileKernels tiles, float[] x, int from, int xStep, int step, int to, int rows, int n) {
    if (step == 2) {
      tiles.everySecond(x, from, xStep, data, to, phaseColumns, rows, n);
      return;
    }
    for (int r = 0, s = from, d = to; r < rows; r++, s += xStep, d += phaseColumns) {
      if (step == 1) {
        System.arraycopy(x, s, data, d, n);
        continue;
      }
      for (int j = 0; j < n; j++) {
        data[d + j] = x[s + j * step];
      }
    }
  }

  /** The loaded pixels, and zeros around them. */
  float[] data() {
    return data;
  }

  /** Pixels and zeros of a channel of an image. */
  int planeSize() {
    return channelSize;
  }

  /** What is to be added to {@link #at} for each tap. */
  int[] taps() {
    return tap;
  }

  /** Where in {@link #data} the first tap of an output pixel lies. */
  int at(int image, int row, int column) {
    int h = whole ? row * shape.spec().strideH() : row;
    int w = whole ? column * shape.spec().strideW() : column;
    return base + image * imageSize + h * phaseColumns + w;
  }

  /** Output pixels in the patch. */
  int pixels() {
    return images * bandRows * shape.outWidth();
  }

  /** Finds the stretches of memory that pixels {@code from .. from + count} lie in. */
  private void findRuns(TileKernels tiles, int from, int count) {
    int ow = shape.outWidth();
    int perImage = bandRows * ow;
    runs.clear(tiles.longestRun());
    int length;
    for (int done = 0; done < count; done += length) {
      int image = (from + done) / perImage;
      int inImage = from + done - image * perImage;
      int row = inImage / ow;
      int column = inImage - row * ow;
      length = Math.min(ow - column, count - done);
      runs.add(at(image, row, column), length);
    }
  }

  @Override
  public void pack(
      TileKernels tiles, int k, int depth, int column, int columns, float[] panels, int at) {
    int nr = tiles.tileColumns();
    for (int j = 0; j < columns; j += nr) {
      int width = Math.min(nr, columns - j);
      findRuns(tiles, column + j, width);
      tiles.packRuns(data, tap, k, depth, runs, panels, at + j * depth);
    }
  }

  /** The transpose: rows are filter taps, columns output pixels. */
  LeftOperand rows() {
    return new Rows();
  }

  private final class Rows implements LeftOperand {
    @Override
    public boolean interleaved() {
      return false;
    }

    @Override
    public void pack(
        TileKernels tiles, int row, int rows, int k, int depth, float[] panel, int at) {
      findRuns(tiles, k, depth);
      for (int i = 0; i < rows; i++) {
        int to = at + i * tiles.rowStride();
        tiles.packRow(data, tap[row + i], runs, panel, to);
      }
    }
  }

  /**
   * Writes the output plane of one filter over channel 0 of the single loaded image.
   *
   * <p>Rows are computed as one long row, since the patch's follow each other; what falls between
   * them is dropped. So narrow images fill vectors too.
   */
  void filter(TileKernels tiles, float bias, float[] weight, int w, float[] y, int yo) {
    int ow = shape.outWidth();
    float[] flat = Workspace.mine().floats(Workspace.Slot.COLUMNS, flatSize());
    tiles.taps(bias, weight, w, tap, shape.area(), data, base, flatSize(), flat, 0);
    for (int row = 0; row < bandRows; row++) {
      System.arraycopy(flat, row * phaseColumns, y, yo + row * ow, ow);
    }
  }

  /**
   * Writes the output planes of filters {@code m0..m1}, the left operand's rows. Nothing is packed:
   * tiles read what a tap sees where it lies, rows as one long row, see {@link #filter}.
   */
  void filters(
      TileKernels tiles, LeftOperand left, int m0, int m1, Epilogue epilogue, Destination to) {
    int together = Math.max(1, FLAT_PIXELS / phaseColumns);
    for (int image = 0; image < images; image++) {
      for (int row = 0; row < bandRows; row += together) {
        int rows = Math.min(together, bandRows - row);
        filters(tiles, left, m0, m1, epilogue, to, image, row, rows);
      }
    }
  }

  private void filters(
      TileKernels tiles,
      LeftOperand left,
      int m0,
      int m1,
      Epilogue epilogue,
      Destination to,
      int image,
      int row,
      int rows) {
    int ow = shape.outWidth();
    int nr = tiles.tileColumns();
    int block = TiledProduct.depthBlock(tiles, tap.length);
    int start = at(image, row, 0);
    int count = (rows - 1) * phaseColumns + ow;
    int ld = TiledProduct.divideUp(count, nr) * nr;
    Workspace space = Workspace.mine();
    float[] panel = space.floats(Workspace.Slot.LEFT, tiles.leftSize());
    Lines flat = space.lines(Workspace.Slot.COLUMNS, (long) tiles.tileRows() * ld);
    int panels = TiledProduct.divideUp(m1 - m0, tiles.tileRows());
    for (int p = 0; p < panels; p++) {
      int i = m0 + TiledProduct.panelStart(tiles, m1 - m0, panels, p);
      int mr = m0 + TiledProduct.panelStart(tiles, m1 - m0, panels, p + 1) - i;
      for (int k = 0; k < tap.length; k += block) {
        int depth = Math.min(block, tap.length - k);
        left.pack(tiles, i, mr, k, depth, panel, 0);
        for (int j = 0; j < count; j += nr) {
          int n = Math.min(nr, count - j);
          tiles.tapTile(
              mr,
              n,
              k > 0,
              depth,
              panel,
              0,
              data,
              start + j,
              tap,
              k,
              flat.array(),
              flat.at() + j,
              ld);
        }
      }
      if (!epilogue.isNone()) {
        epilogue.apply(tiles, i, mr, 0, count, flat.array(), flat.at(), ld);
      }
      int pixel = (image * bandRows + row) * ow;
      for (int f = 0; f < mr; f++) {
        for (int r = 0; r < rows; r++) {
          int from = flat.at() + f * ld + r * phaseColumns;
          System.arraycopy(flat.array(), from, to.c(), to.at(i + f, pixel + r * ow), ow);
        }
      }
    }
  }

  /** Adds the gradient of the filter of {@link #filter} to dw, given that of its output plane. */
  void addFilterGradient(
      TileKernels tiles, float[] dy, int dyo, float[] sums, float[] dw, int dwo) {
    int ow = shape.outWidth();
    float[] flat = Workspace.mine().floats(Workspace.Slot.COLUMNS, flatSize());
    for (int row = 0, at = 0; row < bandRows; row++, at += phaseColumns) {
      System.arraycopy(dy, dyo + row * ow, flat, at, ow);
      Arrays.fill(flat, Math.min(flatSize(), at + ow), Math.min(flatSize(), at + phaseColumns), 0f);
    }
    for (int t = 0; t < shape.area(); ) {
      int step = t + 1 < shape.area() ? tap[t + 1] - tap[t] : 0;
      int n = 1;
      while (n < tiles.dotColumns()
          && t + n < shape.area()
          && tap[t + n] - tap[t + n - 1] == step) {
        n++;
      }
      tiles.dotTile(1, n, flatSize(), flat, 0, 0, data, base + tap[t], step, sums);
      for (int q = 0; q < n; q++) {
        dw[dwo + t + q] += sums[q];
      }
      t += n;
    }
  }

  /** From the first output pixel to the last, in the patch's rows. */
  private int flatSize() {
    return (bandRows - 1) * phaseColumns + shape.outWidth();
  }

  /** Copies what output pixel {@code p} of the single loaded image sees of all channels. */
  void copyPixel(int p, float[] to, int offset) {
    int ow = shape.outWidth();
    int start = at(0, p / ow, p % ow);
    for (int t = 0; t < tap.length; t++) {
      to[offset + t] = data[start + tap[t]];
    }
  }
}
