package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.DEPTH;
import static dev.kiln.cpu.simd.Lanes.DOT_COLUMNS;
import static dev.kiln.cpu.simd.Lanes.DOT_ROWS;
import static dev.kiln.cpu.simd.Lanes.F;
import static dev.kiln.cpu.simd.Lanes.LANES;
import static dev.kiln.cpu.simd.Lanes.LEFT_STEP;
import static dev.kiln.cpu.simd.Lanes.PACKED;
import static dev.kiln.cpu.simd.Lanes.PAIRS;
import static dev.kiln.cpu.simd.Lanes.ROW_STRIDE;
import static dev.kiln.cpu.simd.Lanes.TILE_COLUMNS;
import static dev.kiln.cpu.simd.Lanes.TILE_ROWS;

import dev.kiln.cpu.kernels.PixelRuns;
import dev.kiln.cpu.kernels.TileKernels;
import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.Workspace;
import jdk.incubator.vector.FloatVector;

/** {@link TileKernels} on the Vector API. */
final class VectorTiles implements TileKernels {
  private static final Primer[] ROWS = Primer.of(TILE_ROWS + 1, VectorTiles::rowLoop);
  private static final Primer[] INTERLEAVED =
      Primer.of(TILE_ROWS + 1, VectorTiles::interleavedLoop);

  private static final Primer[] NARROW_ROWS = Primer.of(TILE_ROWS + 1, VectorTiles::narrowLoop);
  private static final Primer[] NARROW_INTERLEAVED =
      Primer.of(TILE_ROWS + 1, VectorTiles::narrowInterleavedLoop);

  private static final Primer[] PACKED_ROWS = Primer.of(TILE_ROWS + 1, VectorTiles::packedLoop);
  private static final Primer[] PACKED_INTERLEAVED =
      Primer.of(TILE_ROWS + 1, VectorTiles::packedInterleavedLoop);

  private static final Primer[] TAP_ROWS = Primer.of(TILE_ROWS + 1, VectorTiles::tapRowLoop);

  private static final Primer[] PIXELS = Primer.of(TILE_ROWS + 1, VectorTiles::pixelLoop);
  private static final Primer[] SECOND_PIXELS =
      Primer.of(TILE_ROWS + 1, VectorTiles::secondPixelLoop);

  private static final Primer[] ROW_PAIRS = Primer.of(TILE_ROWS + 1, VectorTiles::rowPairLoop);
  private static final Primer[] INTERLEAVED_PAIRS =
      Primer.of(TILE_ROWS + 1, VectorTiles::interleavedPairLoop);

  private static final Primer[] DOTS = Primer.of(DOT_ROWS * DOT_COLUMNS, VectorTiles::dotLoop);

  private static final int[] NO_TAPS = new int[64];

  /** Steps of a packed operand that the loops' scratch data has room for. */
  private static final int SCRATCH_STEPS = 32;

  private static final Primer ADDED = new Primer(VectorTiles::addedLoop);

  private static final Primer TAPS = new Primer(VectorTiles::tapLoop);

  private static void addedLoop(int turns) {
    float[] s = Primer.SCRATCH;
    AddedRows.add(turns * LANES, s, 0, s, 0, 0, Primer.SINK, 0);
  }

  private static void tapLoop(int turns) {
    float[] s = Primer.SCRATCH;
    tapVectors(0f, s, 0, NO_TAPS, Math.min(turns, NO_TAPS.length), s, 0, Primer.SINK, 0);
  }

  private static Primer.Loop dotLoop(int shape) {
    float[] s = Primer.SCRATCH;
    int rows = shape / DOT_COLUMNS + 1;
    int columns = shape % DOT_COLUMNS + 1;
    return turns -> DotTiles.dots(rows, columns, turns * LANES, s, 0, 0, s, 0, 0, Primer.SINK, 0);
  }

  private static Primer.Loop rowLoop(int rows) {
    float[] s = Primer.SCRATCH;
    return turns -> GemmTiles.row(rows, turns, s, 0, s, 0, 0, Primer.SINK, 0, 0);
  }

  private static Primer.Loop interleavedLoop(int rows) {
    float[] s = Primer.SCRATCH;
    return turns -> GemmTiles.interleaved(rows, turns, s, 0, s, 0, 0, Primer.SINK, 0, 0);
  }

  private static Primer.Loop narrowLoop(int rows) {
    float[] s = Primer.SCRATCH;
    return turns -> NarrowTiles.row(rows, turns, s, 0, s, 0, 0, Primer.SINK, 0, 0);
  }

  private static Primer.Loop narrowInterleavedLoop(int rows) {
    float[] s = Primer.SCRATCH;
    return turns -> NarrowTiles.interleaved(rows, turns, s, 0, s, 0, 0, Primer.SINK, 0, 0);
  }

  private static Primer.Loop packedLoop(int rows) {
    float[] s = Primer.SCRATCH;
    return turns ->
        PackedTiles.row(rows, Math.min(turns, SCRATCH_STEPS), s, 0, s, 0, Primer.SINK, 0, 0);
  }

  private static Primer.Loop packedInterleavedLoop(int rows) {
    float[] s = Primer.SCRATCH;
    return turns ->
        PackedTiles.interleaved(
            rows, Math.min(turns, SCRATCH_STEPS), s, 0, s, 0, Primer.SINK, 0, 0);
  }

  private static Primer.Loop tapRowLoop(int rows) {
    float[] s = Primer.SCRATCH;
    return turns ->
        TapTiles.taps(
            rows, Math.min(turns, NO_TAPS.length), s, 0, s, 0, NO_TAPS, 0, Primer.SINK, 0, 0);
  }

  private static Primer.Loop pixelLoop(int rows) {
    float[] s = Primer.SCRATCH;
    return turns ->
        PixelTiles.pixels(
            rows, Math.min(turns, SCRATCH_STEPS), s, 0, NO_TAPS, 0, s, 0, Primer.SINK, 0, 0);
  }

  private static Primer.Loop secondPixelLoop(int rows) {
    float[] s = Primer.SCRATCH;
    return turns ->
        SecondPixelTiles.pixels(
            rows, Math.min(turns, SCRATCH_STEPS), s, 0, NO_TAPS, 0, s, 0, Primer.SINK, 0, 0);
  }

  private static Primer.Loop rowPairLoop(int rows) {
    float[] s = Primer.SCRATCH;
    return turns -> PairTiles.row(rows, 2 * turns, s, 0, s, 0, Primer.SINK, 0, 0);
  }

  private static Primer.Loop interleavedPairLoop(int rows) {
    float[] s = Primer.SCRATCH;
    return turns -> PairTiles.interleaved(rows, 2 * turns, s, 0, s, 0, Primer.SINK, 0, 0);
  }

  @Override
  public int tileRows() {
    return TILE_ROWS;
  }

  @Override
  public int tileColumns() {
    return TILE_COLUMNS;
  }

  @Override
  public int depth() {
    return DEPTH;
  }

  @Override
  public int rowStride() {
    return ROW_STRIDE;
  }

  @Override
  public int interleavedStep() {
    return LEFT_STEP;
  }

  @Override
  public int slack() {
    return 2 * LANES + TILE_ROWS;
  }

  @Override
  public void rowTile(
      int rows,
      int columns,
      boolean add,
      int depth,
      float[] a,
      int aOffset,
      float[] b,
      int bOffset,
      int ldb,
      float[] c,
      int cOffset,
      int ldc) {
    tile(false, rows, columns, add, depth, a, aOffset, b, bOffset, ldb, c, cOffset, ldc);
  }

  @Override
  public long addedFrom() {
    return 0;
  }

  @Override
  public void addRows(
      int columns,
      float[] a,
      int aOffset,
      float[] b,
      int bOffset,
      int ldb,
      float[] c,
      int cOffset) {
    ADDED.before(columns / LANES);
    AddedRows.add(columns, a, aOffset, b, bOffset, ldb, c, cOffset);
  }

  @Override
  public void interleavedTile(
      int rows,
      int columns,
      boolean add,
      int depth,
      float[] a,
      int aOffset,
      float[] b,
      int bOffset,
      int ldb,
      float[] c,
      int cOffset,
      int ldc) {
    tile(true, rows, columns, add, depth, a, aOffset, b, bOffset, ldb, c, cOffset, ldc);
  }

  @Override
  public void tapTile(
      int rows,
      int columns,
      boolean add,
      int depth,
      float[] a,
      int aOffset,
      float[] b,
      int bOffset,
      int[] tap,
      int firstTap,
      float[] c,
      int cOffset,
      int ldc) {
    TAP_ROWS[rows].before(depth);
    if (add) {
      Lines sums = Workspace.mine().lines(Workspace.Slot.SUMS, (long) rows * TILE_COLUMNS);
      float[] s = sums.array();
      int at = sums.at();
      TapTiles.taps(rows, depth, a, aOffset, b, bOffset, tap, firstTap, s, at, TILE_COLUMNS);
      addTile(rows, s, at, c, cOffset, ldc);
    } else {
      TapTiles.taps(rows, depth, a, aOffset, b, bOffset, tap, firstTap, c, cOffset, ldc);
    }
  }

  @Override
  public void pixelTile(
      int rows,
      int columns,
      boolean add,
      int depth,
      float[] a,
      int aOffset,
      int step,
      int[] tap,
      int firstTap,
      float[] b,
      int bOffset,
      float[] c,
      int cOffset,
      int ldc) {
    if (add) {
      Lines sums = Workspace.mine().lines(Workspace.Slot.SUMS, (long) rows * TILE_COLUMNS);
      float[] s = sums.array();
      int at = sums.at();
      pixels(step, rows, depth, a, aOffset, tap, firstTap, b, bOffset, s, at, TILE_COLUMNS);
      addTile(rows, s, at, c, cOffset, ldc);
    } else {
      pixels(step, rows, depth, a, aOffset, tap, firstTap, b, bOffset, c, cOffset, ldc);
    }
  }

  private static void pixels(
      int step,
      int rows,
      int depth,
      float[] a,
      int ao,
      int[] tap,
      int t,
      float[] b,
      int bo,
      float[] c,
      int co,
      int ldc) {
    if (step == 1) {
      PIXELS[rows].before(depth);
      PixelTiles.pixels(rows, depth, a, ao, tap, t, b, bo, c, co, ldc);
    } else {
      SECOND_PIXELS[rows].before(depth);
      SecondPixelTiles.pixels(rows, depth, a, ao, tap, t, b, bo, c, co, ldc);
    }
  }

  private static void tile(
      boolean interleaved,
      int rows,
      int columns,
      boolean add,
      int depth,
      float[] a,
      int ao,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc) {
    if (!add && columns <= LANES) {
      narrow(interleaved, rows, depth, a, ao, b, bo, ldb, c, co, ldc);
    } else if (add) {
      Lines sums = Workspace.mine().lines(Workspace.Slot.SUMS, (long) rows * TILE_COLUMNS);
      float[] s = sums.array();
      int at = sums.at();
      s[at] = touch(rows, c, co, ldc);
      products(interleaved, rows, depth, a, ao, b, bo, ldb, s, at, TILE_COLUMNS);
      addTile(rows, s, at, c, co, ldc);
    } else {
      products(interleaved, rows, depth, a, ao, b, bo, ldb, c, co, ldc);
    }
  }

  private static void narrow(
      boolean interleaved,
      int rows,
      int depth,
      float[] a,
      int ao,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc) {
    if (interleaved) {
      NARROW_INTERLEAVED[rows].before(depth);
      NarrowTiles.interleaved(rows, depth, a, ao, b, bo, ldb, c, co, ldc);
    } else {
      NARROW_ROWS[rows].before(depth);
      NarrowTiles.row(rows, depth, a, ao, b, bo, ldb, c, co, ldc);
    }
  }

  private static void products(
      boolean interleaved,
      int rows,
      int depth,
      float[] a,
      int ao,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc) {
    if (PAIRS && ldb == TILE_COLUMNS && depth > 1) {
      pairs(interleaved, rows, depth, a, ao, b, bo, c, co, ldc);
    } else if (PACKED && ldb == TILE_COLUMNS) {
      packed(interleaved, rows, depth, a, ao, b, bo, c, co, ldc);
    } else if (interleaved) {
      INTERLEAVED[rows].before(depth);
      GemmTiles.interleaved(rows, depth, a, ao, b, bo, ldb, c, co, ldc);
    } else {
      ROWS[rows].before(depth);
      GemmTiles.row(rows, depth, a, ao, b, bo, ldb, c, co, ldc);
    }
  }

  private static void packed(
      boolean interleaved,
      int rows,
      int depth,
      float[] a,
      int ao,
      float[] b,
      int bo,
      float[] c,
      int co,
      int ldc) {
    if (interleaved) {
      PACKED_INTERLEAVED[rows].before(depth);
      PackedTiles.interleaved(rows, depth, a, ao, b, bo, c, co, ldc);
    } else {
      PACKED_ROWS[rows].before(depth);
      PackedTiles.row(rows, depth, a, ao, b, bo, c, co, ldc);
    }
  }

  private static void pairs(
      boolean interleaved,
      int rows,
      int depth,
      float[] a,
      int ao,
      float[] b,
      int bo,
      float[] c,
      int co,
      int ldc) {
    int even = depth / 2 * 2;
    if (interleaved) {
      INTERLEAVED_PAIRS[rows].before(even / 2);
      PairTiles.interleaved(rows, even, a, ao, b, bo, c, co, ldc);
    } else {
      ROW_PAIRS[rows].before(even / 2);
      PairTiles.row(rows, even, a, ao, b, bo, c, co, ldc);
    }
    if (depth > even) {
      int last = ao + even * (interleaved ? LEFT_STEP : 1);
      addStep(rows, a, last, interleaved ? 1 : ROW_STRIDE, b, bo + even * TILE_COLUMNS, c, co, ldc);
    }
  }

  /** Adds one more step of the depth to a tile. */
  private static void addStep(
      int rows, float[] a, int ao, int step, float[] b, int bo, float[] c, int co, int ldc) {
    FloatVector b0 = FloatVector.fromArray(F, b, bo);
    FloatVector b1 = FloatVector.fromArray(F, b, bo + LANES);
    for (int i = 0; i < rows; i++) {
      FloatVector v = FloatVector.broadcast(F, a[ao + i * step]);
      int o = co + i * ldc;
      v.fma(b0, FloatVector.fromArray(F, c, o)).intoArray(c, o);
      v.fma(b1, FloatVector.fromArray(F, c, o + LANES)).intoArray(c, o + LANES);
    }
  }

  /**
   * Reads what {@link #addTile} will, so that its lines are on their way while the products are
   * summed; the value only keeps the reads from being dropped.
   */
  private static float touch(int rows, float[] c, int co, int ldc) {
    float sum = 0f;
    for (int i = 0; i < rows; i++) {
      int o = co + i * ldc;
      sum += c[o] + c[o + LANES] + c[o + 2 * LANES - 1];
    }
    return sum;
  }

  /** A loop of its own: the tiles' methods are as large as C2 can take, see the generator. */
  private static void addTile(int rows, float[] sums, int at, float[] c, int co, int ldc) {
    for (int i = 0; i < rows; i++) {
      int s = at + i * TILE_COLUMNS;
      int o = co + i * ldc;
      FloatVector.fromArray(F, sums, s).add(FloatVector.fromArray(F, c, o)).intoArray(c, o);
      FloatVector.fromArray(F, sums, s + LANES)
          .add(FloatVector.fromArray(F, c, o + LANES))
          .intoArray(c, o + LANES);
    }
  }

  @Override
  public int dotRows() {
    return DOT_ROWS;
  }

  @Override
  public int dotColumns() {
    return DOT_COLUMNS;
  }

  @Override
  public void dotTile(
      int rows,
      int columns,
      int depth,
      float[] a,
      int aOffset,
      int lda,
      float[] b,
      int bOffset,
      int ldb,
      float[] out) {
    int whole = depth / LANES * LANES;
    DOTS[(rows - 1) * DOT_COLUMNS + columns - 1].before(depth / LANES);
    float[] lanes = Workspace.mine().floats(Workspace.Slot.SUMS, 16L * LANES);
    DotTiles.dots(rows, columns, whole, a, aOffset, lda, b, bOffset, ldb, lanes, 0);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        float sum = sumLanes(lanes, (i * 4 + j) * LANES);
        int p = aOffset + i * lda;
        int q = bOffset + j * ldb;
        for (int k = whole; k < depth; k++) {
          sum = Math.fma(a[p + k], b[q + k], sum);
        }
        out[i * DOT_COLUMNS + j] = sum;
      }
    }
  }

  /** Sums by halves, the same order whatever the compiler does. */
  static float sumLanes(float[] lanes, int offset) {
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[offset + i] += lanes[offset + half + i];
      }
    }
    return lanes[offset];
  }

  @Override
  public void packColumns(
      float[] b, int offset, int ldb, int depth, int columns, float[] panels, int at) {
    int full = columns / TILE_COLUMNS * TILE_COLUMNS;
    if (full > 0) {
      for (int k = 0; k < depth; k++) {
        packRow(b, offset + k * ldb, full, panels, at + k * TILE_COLUMNS, depth * TILE_COLUMNS);
      }
    }
    int rest = columns - full;
    if (rest > 0) {
      int d = at + full * depth;
      for (int k = 0; k < depth; k++, d += TILE_COLUMNS) {
        int s = offset + k * ldb + full;
        for (int j = 0; j < rest; j++) {
          panels[d + j] = b[s + j];
        }
        for (int j = rest; j < TILE_COLUMNS; j++) {
          panels[d + j] = 0f;
        }
      }
    }
  }

  private static void packRow(float[] b, int s, int n, float[] panels, int d, int step) {
    for (int j = 0; j < n; j += TILE_COLUMNS, d += step) {
      FloatVector.fromArray(F, b, s + j).intoArray(panels, d);
      FloatVector.fromArray(F, b, s + j + LANES).intoArray(panels, d + LANES);
    }
  }

  @Override
  public void packColumnsTransposed(
      float[] b,
      int offset,
      int ldb,
      int depth,
      int columns,
      float[] panels,
      int panelDepth,
      int at) {
    for (int j = 0; j < columns; j += TILE_COLUMNS) {
      int n = Math.min(TILE_COLUMNS, columns - j);
      int d = at + j * panelDepth;
      VectorTranspose.run(n, depth, b, offset + j * ldb, ldb, panels, d, TILE_COLUMNS);
      for (int i = n; i < TILE_COLUMNS; i++) {
        for (int k = 0; k < depth; k++) {
          panels[d + k * TILE_COLUMNS + i] = 0f;
        }
      }
    }
  }

  @Override
  public void transpose(
      int rows, int columns, float[] x, int from, int ld, float[] y, int to, int ldy) {
    VectorTranspose.run(rows, columns, x, from, ld, y, to, ldy);
  }

  @Override
  public void packInterleaved(
      float[] a, int offset, int lda, int depth, int rows, float[] panel, int panelOffset) {
    int reach = (rows + LANES - 1) / LANES * LANES;
    int safe = depth;
    while (safe > 0 && (long) offset + (long) (safe - 1) * lda + reach > a.length) {
      safe--;
    }
    if (reach == LANES) {
      packOneVector(a, offset, lda, safe, panel, panelOffset);
    } else {
      for (int k = 0; k < safe; k++) {
        packVectors(a, offset + k * lda, reach, panel, panelOffset + k * LEFT_STEP);
      }
    }
    for (int k = safe; k < depth; k++) {
      System.arraycopy(a, offset + k * lda, panel, panelOffset + k * LEFT_STEP, rows);
    }
  }

  private static void packOneVector(float[] a, int s, int lda, int depth, float[] panel, int d) {
    for (int k = 0; k < depth; k++) {
      FloatVector.fromArray(F, a, s).intoArray(panel, d);
      s += lda;
      d += LEFT_STEP;
    }
  }

  private static void packVectors(float[] a, int s, int reach, float[] panel, int d) {
    for (int i = 0; i < reach; i += LANES) {
      FloatVector.fromArray(F, a, s + i).intoArray(panel, d + i);
    }
  }

  @Override
  public void everySecond(
      float[] x, int from, int xStep, float[] y, int to, int yStep, int rows, int n) {
    PixelPairs.read(x, from, xStep, y, to, yStep, rows, n);
  }

  @Override
  public void addToEverySecond(
      float[] x, int from, int xStep, float[] y, int to, int yStep, int rows, int n, int end) {
    PixelPairs.add(x, from, xStep, y, to, yStep, rows, n, end);
  }

  @Override
  public int longestRun() {
    return LANES;
  }

  @Override
  public void packRuns(
      float[] image, int[] tap, int firstTap, int depth, PixelRuns runs, float[] panel, int at) {
    RunCopies.rows(image, tap, firstTap, depth, runs, panel, at);
  }

  @Override
  public void packRow(float[] image, int base, PixelRuns runs, float[] row, int at) {
    RunCopies.row(image, base, runs, row, at);
  }

  @Override
  public void taps(
      float start,
      float[] weight,
      int weightOffset,
      int[] tap,
      int taps,
      float[] image,
      int base,
      int count,
      float[] y,
      int yOffset) {
    TAPS.before(count / (8 * LANES) * taps);
    int j = 0;
    // The last block begins early enough to be a whole one: what it computes again stays the same.
    for (; j < count && count >= 8 * LANES; j += 8 * LANES) {
      j = Math.min(j, count - 8 * LANES);
      tapVectors(start, weight, weightOffset, tap, taps, image, base + j, y, yOffset + j);
    }
    for (; j < count && count >= LANES; j += LANES) {
      j = Math.min(j, count - LANES);
      tapVector(start, weight, weightOffset, tap, taps, image, base + j, y, yOffset + j);
    }
    for (; j < count; j++) {
      float sum = start;
      for (int t = 0; t < taps; t++) {
        sum = Math.fma(weight[weightOffset + t], image[base + tap[t] + j], sum);
      }
      y[yOffset + j] = sum;
    }
  }

  /**
   * Eight sums, since a product waits for the last one of its sum four cycles, with two a cycle.
   */
  private static void tapVectors(
      float start,
      float[] weight,
      int w,
      int[] tap,
      int taps,
      float[] image,
      int base,
      float[] y,
      int yo) {
    FloatVector s0 = FloatVector.broadcast(F, start);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    for (int t = 0; t < taps; t++) {
      FloatVector v = FloatVector.broadcast(F, weight[w + t]);
      int o = base + tap[t];
      s0 = v.fma(FloatVector.fromArray(F, image, o), s0);
      s1 = v.fma(FloatVector.fromArray(F, image, o + LANES), s1);
      s2 = v.fma(FloatVector.fromArray(F, image, o + 2 * LANES), s2);
      s3 = v.fma(FloatVector.fromArray(F, image, o + 3 * LANES), s3);
      s4 = v.fma(FloatVector.fromArray(F, image, o + 4 * LANES), s4);
      s5 = v.fma(FloatVector.fromArray(F, image, o + 5 * LANES), s5);
      s6 = v.fma(FloatVector.fromArray(F, image, o + 6 * LANES), s6);
      s7 = v.fma(FloatVector.fromArray(F, image, o + 7 * LANES), s7);
    }
    s0.intoArray(y, yo);
    s1.intoArray(y, yo + LANES);
    s2.intoArray(y, yo + 2 * LANES);
    s3.intoArray(y, yo + 3 * LANES);
    s4.intoArray(y, yo + 4 * LANES);
    s5.intoArray(y, yo + 5 * LANES);
    s6.intoArray(y, yo + 6 * LANES);
    s7.intoArray(y, yo + 7 * LANES);
  }

  private static void tapVector(
      float start,
      float[] weight,
      int w,
      int[] tap,
      int taps,
      float[] image,
      int base,
      float[] y,
      int yo) {
    FloatVector sum = FloatVector.broadcast(F, start);
    for (int t = 0; t < taps; t++) {
      sum =
          FloatVector.broadcast(F, weight[w + t])
              .fma(FloatVector.fromArray(F, image, base + tap[t]), sum);
    }
    sum.intoArray(y, yo);
  }

  @Override
  public void finishColumns(
      int rows,
      int columns,
      float[] c,
      int cOffset,
      int ldc,
      float[] bias,
      int biasOffset,
      boolean relu) {
    int whole = columns / LANES * LANES;
    for (int i = 0; i < rows; i++) {
      int o = cOffset + i * ldc;
      if (bias.length > 0) {
        addVectors(c, o, bias, biasOffset, whole);
        for (int j = whole; j < columns; j++) {
          c[o + j] += bias[biasOffset + j];
        }
      }
      if (relu) {
        rectify(c, o, columns, whole);
      }
    }
  }

  @Override
  public void finishRows(
      int rows,
      int columns,
      float[] c,
      int cOffset,
      int ldc,
      float[] bias,
      int biasOffset,
      boolean relu) {
    int whole = columns / LANES * LANES;
    for (int i = 0; i < rows; i++) {
      int o = cOffset + i * ldc;
      if (bias.length > 0) {
        float add = bias[biasOffset + i];
        addScalar(c, o, add, whole);
        for (int j = whole; j < columns; j++) {
          c[o + j] += add;
        }
      }
      if (relu) {
        rectify(c, o, columns, whole);
      }
    }
  }

  private static void addVectors(float[] c, int o, float[] bias, int b, int n) {
    for (int j = 0; j < n; j += LANES) {
      FloatVector.fromArray(F, c, o + j)
          .add(FloatVector.fromArray(F, bias, b + j))
          .intoArray(c, o + j);
    }
  }

  private static void addScalar(float[] c, int o, float add, int n) {
    for (int j = 0; j < n; j += LANES) {
      FloatVector.fromArray(F, c, o + j).add(add).intoArray(c, o + j);
    }
  }

  private static void rectify(float[] c, int o, int n, int whole) {
    rectifyVectors(c, o, whole);
    for (int j = whole; j < n; j++) {
      c[o + j] = Math.max(c[o + j], 0f);
    }
  }

  private static void rectifyVectors(float[] c, int o, int n) {
    for (int j = 0; j < n; j += LANES) {
      FloatVector.fromArray(F, c, o + j).max(0f).intoArray(c, o + j);
    }
  }
}
