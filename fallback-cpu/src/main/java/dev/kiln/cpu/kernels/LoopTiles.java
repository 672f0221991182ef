package dev.kiln.cpu.kernels;

/** {@link TileKernels} in plain loops, written so that the JIT compiler can vectorise them. */
final class LoopTiles implements TileKernels {
  private static final int[] DENSE = {};
  private static final int ROWS = 8;
  private static final int COLUMNS = 96;
  private static final int DEPTH = 256;

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  /**
   * Sums of a tile and four rows of B, each an array of its own from index 0 on: C2 vectorises no
   * loop over arrays at offsets of their own, since it cannot tell whether what is written is read
   * again. The copies stay in the first cache and cost a fraction of what that saves.
   */
  private static final class Scratch {
    final float[][] sums = new float[ROWS][COLUMNS];
    final float[] b0 = new float[COLUMNS];
    final float[] b1 = new float[COLUMNS];
    final float[] b2 = new float[COLUMNS];
    final float[] b3 = new float[COLUMNS];
  }

  @Override
  public int tileRows() {
    return ROWS;
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
    tile(rows, add, depth, a, aOffset, rowStride(), 1, b, bOffset, ldb, DENSE, 0, c, cOffset, ldc);
  }

  @Override
  public void tapTile(
      int rows,
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
        add,
        depth,
        a,
        aOffset,
        rowStride(),
        1,
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
  public void interleavedTile(
      int rows,
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
    tile(rows, add, depth, a, aOffset, 1, ROWS, b, bOffset, ldb, DENSE, 0, c, cOffset, ldc);
  }

  private static void tile(
      int rows,
      boolean add,
      int depth,
      float[] a,
      int ao,
      int rowStep,
      int depthStep,
      float[] b,
      int bo,
      int ldb,
      int[] tap,
      int t,
      float[] c,
      int co,
      int ldc) {
    Scratch scratch = SCRATCH.get();
    float[][] sums = scratch.sums;
    for (int i = 0; i < rows; i++) {
      java.util.Arrays.fill(sums[i], 0f);
    }
    int k = 0;
    for (; k + 4 <= depth; k += 4) {
      System.arraycopy(b, bo + row(k, ldb, tap, t), scratch.b0, 0, COLUMNS);
      System.arraycopy(b, bo + row(k + 1, ldb, tap, t), scratch.b1, 0, COLUMNS);
      System.arraycopy(b, bo + row(k + 2, ldb, tap, t), scratch.b2, 0, COLUMNS);
      System.arraycopy(b, bo + row(k + 3, ldb, tap, t), scratch.b3, 0, COLUMNS);
      for (int i = 0; i < rows; i++) {
        int p = ao + i * rowStep + k * depthStep;
        addFour(
            a[p], a[p + depthStep], a[p + 2 * depthStep], a[p + 3 * depthStep], scratch, sums[i]);
      }
    }
    for (; k < depth; k++) {
      System.arraycopy(b, bo + row(k, ldb, tap, t), scratch.b0, 0, COLUMNS);
      for (int i = 0; i < rows; i++) {
        addOne(a[ao + i * rowStep + k * depthStep], scratch.b0, sums[i]);
      }
    }
    for (int i = 0; i < rows; i++) {
      put(add, sums[i], c, co + i * ldc);
    }
  }

  /** Where row k of B begins: a multiple of its stride, or what its tap says. */
  private static int row(int k, int ldb, int[] tap, int t) {
    return tap.length == 0 ? k * ldb : tap[t + k];
  }

  private static void addFour(float p, float q, float r, float s, Scratch rows, float[] sums) {
    float[] b0 = rows.b0;
    float[] b1 = rows.b1;
    float[] b2 = rows.b2;
    float[] b3 = rows.b3;
    for (int j = 0; j < COLUMNS; j++) {
      sums[j] += p * b0[j] + q * b1[j] + r * b2[j] + s * b3[j];
    }
  }

  private static void addOne(float p, float[] b, float[] sums) {
    for (int j = 0; j < COLUMNS; j++) {
      sums[j] += p * b[j];
    }
  }

  private static void put(boolean add, float[] sums, float[] c, int o) {
    if (add) {
      for (int j = 0; j < COLUMNS; j++) {
        c[o + j] += sums[j];
      }
    } else {
      System.arraycopy(sums, 0, c, o, COLUMNS);
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
        java.util.Arrays.fill(panels, d + n, d + COLUMNS, 0f);
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
      for (int k = 0; n < COLUMNS && k < depth; k++) {
        java.util.Arrays.fill(panels, d + k * COLUMNS + n, d + (k + 1) * COLUMNS, 0f);
      }
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
  public void everySecond(float[] x, int from, float[] y, int to, int n) {
    for (int j = 0; j < n; j++) {
      y[to + j] = x[from + 2 * j];
    }
  }

  @Override
  public void packRuns(
      float[] image,
      int[] tap,
      int firstTap,
      int depth,
      int[] runStart,
      int[] runColumn,
      int runs,
      int columns,
      float[] panel,
      int panelOffset) {
    for (int k = 0; k < depth; k++) {
      int d = panelOffset + k * COLUMNS;
      for (int r = 0; r < runs; r++) {
        System.arraycopy(
            image,
            tap[firstTap + k] + runStart[r],
            panel,
            d + runColumn[r],
            runColumn[r + 1] - runColumn[r]);
      }
      java.util.Arrays.fill(panel, d + columns, d + COLUMNS, 0f);
    }
  }

  @Override
  public void packRow(
      float[] image,
      int base,
      int[] runStart,
      int[] runColumn,
      int runs,
      float[] row,
      int rowOffset) {
    for (int r = 0; r < runs; r++) {
      System.arraycopy(
          image,
          base + runStart[r],
          row,
          rowOffset + runColumn[r],
          runColumn[r + 1] - runColumn[r]);
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
    java.util.Arrays.fill(y, yOffset, yOffset + count, start);
    for (int t = 0; t < taps; t++) {
      addScaled(weight[weightOffset + t], image, base + tap[t], y, yOffset, count);
    }
  }

  private static void addScaled(float w, float[] x, int xo, float[] y, int yo, int n) {
    for (int j = 0; j < n; j++) {
      y[yo + j] += w * x[xo + j];
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
