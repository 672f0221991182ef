package dev.kiln.cpu.kernels;

/**
 * Transposes of matrices in plain loops: {@code y[to + j * ldy + i] = x[from + i * ld + j]}.
 *
 * <p>Eight lines at a time along the shorter side: lines are often a multiple of 4 KiB apart, and
 * more of them than a first-level cache has ways would fall into one of its sets.
 */
public final class Transpose {
  private Transpose() {}

  /** Transposes {@code rows} rows of {@code columns}; x and y do not overlap. */
  public static void run(
      int rows, int columns, float[] x, int from, int ld, float[] y, int to, int ldy) {
    if (rows < columns) {
      int i = 0;
      for (; i + 8 <= rows; i += 8) {
        eightRows(columns, x, from + i * ld, ld, y, to + i, ldy);
      }
      for (; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          y[to + j * ldy + i] = x[from + i * ld + j];
        }
      }
    } else {
      int j = 0;
      for (; j + 8 <= columns; j += 8) {
        eightColumns(rows, x, from + j, ld, y, to + j * ldy, ldy);
      }
      for (; j < columns; j++) {
        for (int i = 0; i < rows; i++) {
          y[to + j * ldy + i] = x[from + i * ld + j];
        }
      }
    }
  }

  private static void eightRows(
      int columns, float[] x, int s0, int ld, float[] y, int to, int ldy) {
    int s1 = s0 + ld;
    int s2 = s1 + ld;
    int s3 = s2 + ld;
    int s4 = s3 + ld;
    int s5 = s4 + ld;
    int s6 = s5 + ld;
    int s7 = s6 + ld;
    for (int j = 0; j < columns; j++, to += ldy) {
      y[to] = x[s0 + j];
      y[to + 1] = x[s1 + j];
      y[to + 2] = x[s2 + j];
      y[to + 3] = x[s3 + j];
      y[to + 4] = x[s4 + j];
      y[to + 5] = x[s5 + j];
      y[to + 6] = x[s6 + j];
      y[to + 7] = x[s7 + j];
    }
  }

  private static void eightColumns(
      int rows, float[] x, int from, int ld, float[] y, int d0, int ldy) {
    int d1 = d0 + ldy;
    int d2 = d1 + ldy;
    int d3 = d2 + ldy;
    int d4 = d3 + ldy;
    int d5 = d4 + ldy;
    int d6 = d5 + ldy;
    int d7 = d6 + ldy;
    for (int i = 0; i < rows; i++, from += ld) {
      y[d0 + i] = x[from];
      y[d1 + i] = x[from + 1];
      y[d2 + i] = x[from + 2];
      y[d3 + i] = x[from + 3];
      y[d4 + i] = x[from + 4];
      y[d5 + i] = x[from + 5];
      y[d6 + i] = x[from + 6];
      y[d7 + i] = x[from + 7];
    }
  }
}
