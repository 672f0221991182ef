package dev.kiln.cpu.kernels;

import dev.kiln.cpu.threads.Workspace;

/** {@link TileKernels} in plain loops, written so that the JIT compiler can vectorise them. */
final class LoopTiles implements TileKernels {
  private static final int ROWS = 8;
  private static final int COLUMNS = 64;
  private static final int DEPTH = 256;

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
    tile(rows, add, depth, a, aOffset, rowStride(), 1, b, bOffset, ldb, c, cOffset, ldc);
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
    tile(rows, add, depth, a, aOffset, 1, ROWS, b, bOffset, ldb, c, cOffset, ldc);
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
      float[] c,
      int co,
      int ldc) {
    float[] sums = Workspace.mine().floats(Workspace.Slot.SUMS, 2 * COLUMNS);
    for (int i = 0; i < rows; i += 2) {
      int p = ao + i * rowStep;
      int q = i + 1 < rows ? p + rowStep : p;
      java.util.Arrays.fill(sums, 0, 2 * COLUMNS, 0f);
      int k = 0;
      for (; k + 4 <= depth; k += 4) {
        int s = k * depthStep;
        fourByTwo(
            a[p + s],
            a[p + s + depthStep],
            a[p + s + 2 * depthStep],
            a[p + s + 3 * depthStep],
            a[q + s],
            a[q + s + depthStep],
            a[q + s + 2 * depthStep],
            a[q + s + 3 * depthStep],
            b,
            bo + k * ldb,
            ldb,
            sums);
      }
      for (; k < depth; k++) {
        oneByTwo(a[p + k * depthStep], a[q + k * depthStep], b, bo + k * ldb, sums);
      }
      put(add, sums, 0, c, co + i * ldc);
      if (i + 1 < rows) {
        put(add, sums, COLUMNS, c, co + (i + 1) * ldc);
      }
    }
  }

  private static void fourByTwo(
      float p0,
      float p1,
      float p2,
      float p3,
      float q0,
      float q1,
      float q2,
      float q3,
      float[] b,
      int b0,
      int ldb,
      float[] sums) {
    int b1 = b0 + ldb;
    int b2 = b1 + ldb;
    int b3 = b2 + ldb;
    for (int j = 0; j < COLUMNS; j++) {
      sums[j] += p0 * b[b0 + j] + p1 * b[b1 + j] + p2 * b[b2 + j] + p3 * b[b3 + j];
    }
    for (int j = 0; j < COLUMNS; j++) {
      sums[COLUMNS + j] += q0 * b[b0 + j] + q1 * b[b1 + j] + q2 * b[b2 + j] + q3 * b[b3 + j];
    }
  }

  private static void oneByTwo(float p, float q, float[] b, int bo, float[] sums) {
    for (int j = 0; j < COLUMNS; j++) {
      sums[j] += p * b[bo + j];
    }
    for (int j = 0; j < COLUMNS; j++) {
      sums[COLUMNS + j] += q * b[bo + j];
    }
  }

  private static void put(boolean add, float[] sums, int from, float[] c, int o) {
    if (add) {
      for (int j = 0; j < COLUMNS; j++) {
        c[o + j] += sums[from + j];
      }
    } else {
      System.arraycopy(sums, from, c, o, COLUMNS);
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
  public void packColumns(float[] b, int offset, int ldb, int depth, int columns, float[] panels) {
    for (int j = 0; j < columns; j += COLUMNS) {
      int n = Math.min(COLUMNS, columns - j);
      int d = j * depth;
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
      int firstRow) {
    for (int j = 0; j < columns; j += COLUMNS) {
      int n = Math.min(COLUMNS, columns - j);
      int d = j * panelDepth + firstRow * COLUMNS;
      for (int i = 0; i < COLUMNS; i++) {
        int s = offset + (j + i) * ldb;
        for (int k = 0; k < depth; k++) {
          panels[d + k * COLUMNS + i] = i < n ? b[s + k] : 0f;
        }
      }
    }
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
