package dev.kiln.cpu.kernels;

import java.util.Arrays;

/** {@link TileKernels} in plain loops, written so that the JIT compiler can vectorise them. */
final class LoopTiles implements TileKernels {
  private static final int[] DENSE = {};
  private static final int ROWS = 15;
  private static final int COLUMNS = 128;
  private static final int DEPTH = 256;

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  /**
   * Sums of a tile and two rows of B, each an array of its own from index 0 on: C2 vectorises no
   * loop over arrays at offsets of their own, since it cannot tell whether what is written is read
   * again. The copies stay in the first cache and cost a fraction of what that saves.
   */
  private static final class Scratch {
    final float[][] sums = new float[ROWS][COLUMNS];
    final float[] b0 = new float[COLUMNS];
    final float[] b1 = new float[COLUMNS];
  }

  @Override
  public int tileRows() {
    return ROWS;
  }

  @Override
  public int rowUnit() {
    return 3;
  }

  @Override
  public int tileColumns() {
    return COLUMNS;
  }

  @Override
  public int depth() {
    return DEPTH;
  }

  @Override
  public int rowStride() {
    return DEPTH + 16;
  }

  @Override
  public int interleavedStep() {
    return ROWS;
  }

  @Override
  public int slack() {
    return COLUMNS;
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
    tile(
        rows,
        columns,
        add,
        depth,
        a,
        aOffset,
        rowStride(),
        1,
        DENSE,
        b,
        bOffset,
        ldb,
        DENSE,
        0,
        c,
        cOffset,
        ldc);
  }

  @Override
  public long addedFrom() {
    return 1 << 22;
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
    for (int j = 0; j < columns; j += COLUMNS) {
      rowTile(
          1, COLUMNS, true, ADDED_ROWS, a, aOffset, b, bOffset + j, ldb, c, cOffset + j, columns);
    }
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
    tile(
        rows,
        columns,
        add,
        depth,
        a,
        aOffset,
        rowStride(),
        1,
        DENSE,
        b,
        bOffset,
        0,
        tap,
        firstTap,
        c,
        cOffset,
        ldc);
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
    tile(
        rows, columns, add, depth, a, aOffset, step, 0, tap, b, bOffset, COLUMNS, DENSE, firstTap,
        c, cOffset, ldc);
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
    tile(
        rows, columns, add, depth, a, aOffset, 1, ROWS, DENSE, b, bOffset, ldb, DENSE, 0, c,
        cOffset, ldc);
  }

  private static void tile(
      int rows,
      int columns,
      boolean add,
      int depth,
      float[] a,
      int ao,
      int rowStep,
      int lda,
      int[] leftTap,
      float[] b,
      int bo,
      int ldb,
      int[] tap,
      int t,
      float[] c,
      int co,
      int ldc) {
    Scratch x = SCRATCH.get();
    for (int i = 0; i < rows; i++) {
      Arrays.fill(x.sums[i], 0, columns, 0f);
    }
    int k = 0;
    for (; k + 2 <= depth; k += 2) {
      System.arraycopy(b, bo + at(k, ldb, tap, t), x.b0, 0, columns);
      System.arraycopy(b, bo + at(k + 1, ldb, tap, t), x.b1, 0, columns);
      int p = ao + at(k, lda, leftTap, t);
      int depthStep = ao + at(k + 1, lda, leftTap, t) - p;
      if (columns == COLUMNS) {
        twoSteps(x, rows, COLUMNS, a, p, rowStep, depthStep); // a length that C2 knows is quicker
      } else {
        twoSteps(x, rows, columns, a, p, rowStep, depthStep);
      }
    }
    if (k < depth) {
      System.arraycopy(b, bo + at(k, ldb, tap, t), x.b0, 0, columns);
      int p = ao + at(k, lda, leftTap, t);
      for (int i = 0; i < rows; i++) {
        addOne(columns, a[p + i * rowStep], x.b0, x.sums[i]);
      }
    }
    for (int i = 0; i < rows; i++) {
      int o = co + i * ldc;
      if (add) {
        System.arraycopy(c, o, x.b0, 0, columns);
        addOne(columns, 1f, x.b0, x.sums[i]);
      }
      System.arraycopy(x.sums[i], 0, c, o, columns);
    }
  }

  /** Where step k of an operand begins: a multiple of its stride, or what its tap says. */
  private static int at(int k, int stride, int[] tap, int t) {
    return tap.length == 0 ? k * stride : tap[t + k];
  }

  private static void twoSteps(
      Scratch x, int rows, int n, float[] a, int p, int rowStep, int depthStep) {
    int i = 0;
    for (; i + 3 <= rows; i += 3) {
      threeRows(x, i, n, a, p + i * rowStep, rowStep, depthStep);
    }
    for (; i < rows; i++) {
      int q = p + i * rowStep;
      addTwo(n, a[q], x.b0, a[q + depthStep], x.b1, x.sums[i]);
    }
  }

  /**
   * Adds two steps of the depth to three rows of sums: 6 multiply-adds for 5 loads and 3 stores. C2
   * of Java 17 vectorises no larger loop of the kind when it is inlined.
   */
  private static void threeRows(
      Scratch x, int i, int n, float[] a, int p, int rowStep, int depthStep) {
    float[] b0 = x.b0;
    float[] b1 = x.b1;
    float[] y0 = x.sums[i];
    float[] y1 = x.sums[i + 1];
    float[] y2 = x.sums[i + 2];
    int q = p + rowStep;
    int r = q + rowStep;
    float p0 = a[p];
    float p1 = a[p + depthStep];
    float q0 = a[q];
    float q1 = a[q + depthStep];
    float r0 = a[r];
    float r1 = a[r + depthStep];
    for (int j = 0; j < n; j++) {
      float x0 = b0[j];
      float x1 = b1[j];
      y0[j] = MultiplyAdd.of(p1, x1, MultiplyAdd.of(p0, x0, y0[j]));
      y1[j] = MultiplyAdd.of(q1, x1, MultiplyAdd.of(q0, x0, y1[j]));
      y2[j] = MultiplyAdd.of(r1, x1, MultiplyAdd.of(r0, x0, y2[j]));
    }
  }

  private static void addTwo(int n, float p, float[] b0, float q, float[] b1, float[] y) {
    for (int j = 0; j < n; j++) {
      y[j] = MultiplyAdd.of(q, b1[j], MultiplyAdd.of(p, b0[j], y[j]));
    }
  }

  private static void addOne(int n, float p, float[] b, float[] y) {
    for (int j = 0; j < n; j++) {
      y[j] = MultiplyAdd.of(p, b[j], y[j]);
    }
  }

  @Override
  public int dotRows() {
    return 2;
  }

  @Override
  public int dotColumns() {
    return 4;
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
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        out[i * dotColumns() + j] = dot(depth, a, aOffset + i * lda, b, bOffset + j * ldb);
      }
    }
  }

  private static float dot(int n, float[] a, int p, float[] b, int q) {
    float s0 = 0f;
    float s1 = 0f;
    float s2 = 0f;
    float s3 = 0f;
    int k = 0;
    for (; k + 4 <= n; k += 4) {
      s0 += a[p + k] * b[q + k];
      s1 += a[p + k + 1] * b[q + k + 1];
      s2 += a[p + k + 2] * b[q + k + 2];
      s3 += a[p + k + 3] * b[q + k + 3];
    }
    float sum = (s0 + s2) + (s1 + s3);
    for (; k < n; k++) {
      sum += a[p + k] * b[q + k];
    }
    return sum;
  }

  @Override
  public void packColumns(
      float[] b, int offset, int ldb, int depth, int columns, float[] panels, int at) {
    for (int j = 0; j < columns; j += COLUMNS) {
      int n = Math.min(COLUMNS, columns - j);
      int d = at + j * depth;
      for (int k = 0; k < depth; k++, d += COLUMNS) {
        System.arraycopy(b, offset + k * ldb + j, panels, d, n);
      }
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
    for (int j = 0; j < columns; j += COLUMNS) {
      int n = Math.min(COLUMNS, columns - j);
      int d = at + j * panelDepth;
      Transpose.run(n, depth, b, offset + j * ldb, ldb, panels, d, COLUMNS);
    }
  }

  @Override
  public void transpose(
      int rows, int columns, float[] x, int from, int ld, float[] y, int to, int ldy) {
    Transpose.run(rows, columns, x, from, ld, y, to, ldy);
  }

  @Override
  public void packInterleaved(
      float[] a, int offset, int lda, int depth, int rows, float[] panel, int panelOffset) {
    for (int k = 0; k < depth; k++) {
      for (int i = 0; i < rows; i++) {
        panel[panelOffset + k * ROWS + i] = a[offset + k * lda + i];
      }
    }
  }

  @Override
  public void everySecond(
      float[] x, int from, int xStep, float[] y, int to, int yStep, int rows, int n) {
    for (int r = 0; r < rows; r++) {
      int s = from + r * xStep;
      int d = to + r * yStep;
      for (int j = 0; j < n; j++) {
        y[d + j] = x[s + 2 * j];
      }
    }
  }

  @Override
  public void addToEverySecond(
      float[] x, int from, int xStep, float[] y, int to, int yStep, int rows, int n, int end) {
    for (int r = 0; r < rows; r++) {
      int s = from + r * xStep;
      int d = to + r * yStep;
      for (int j = 0; j < n; j++) {
        y[d + 2 * j] += x[s + j];
      }
    }
  }

  @Override
  public int longestRun() {
    return Integer.MAX_VALUE;
  }

  @Override
  public void packRuns(
      float[] image, int[] tap, int firstTap, int depth, PixelRuns runs, float[] panel, int at) {
    for (int k = 0; k < depth; k++) {
      packRow(image, tap[firstTap + k], runs, panel, at + k * COLUMNS);
    }
  }

  @Override
  public void packRow(float[] image, int base, PixelRuns runs, float[] row, int at) {
    for (int r = 0; r < runs.count(); r++) {
      int column = runs.column(r);
      System.arraycopy(image, base + runs.start(r), row, at + column, runs.column(r + 1) - column);
    }
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
    Scratch x = SCRATCH.get();
    float[] sums = x.sums[0];
    for (int j = 0; j < count; j += COLUMNS) {
      int n = Math.min(COLUMNS, count - j);
      Arrays.fill(sums, 0, n, start);
      int t = 0;
      for (; t + 2 <= taps; t += 2) {
        System.arraycopy(image, base + tap[t] + j, x.b0, 0, n);
        System.arraycopy(image, base + tap[t + 1] + j, x.b1, 0, n);
        addTwo(n, weight[weightOffset + t], x.b0, weight[weightOffset + t + 1], x.b1, sums);
      }
      if (t < taps) {
        System.arraycopy(image, base + tap[t] + j, x.b0, 0, n);
        addOne(n, weight[weightOffset + t], x.b0, sums);
      }
      System.arraycopy(sums, 0, y, yOffset + j, n);
    }
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
    for (int i = 0; i < rows; i++) {
      int o = cOffset + i * ldc;
      if (bias.length > 0) {
        for (int j = 0; j < columns; j++) {
          c[o + j] += bias[biasOffset + j];
        }
      }
      if (relu) {
        rectify(c, o, columns);
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
    for (int i = 0; i < rows; i++) {
      int o = cOffset + i * ldc;
      if (bias.length > 0) {
        float add = bias[biasOffset + i];
        for (int j = 0; j < columns; j++) {
          c[o + j] += add;
        }
      }
      if (relu) {
        rectify(c, o, columns);
      }
    }
  }

  private static void rectify(float[] c, int o, int n) {
    for (int j = 0; j < n; j++) {
      c[o + j] = Math.max(c[o + j], 0f);
    }
  }
}
