package dev.kiln.cpu.kernels;

/**
 * Where the elements of a product go: row i, column j at {@code offset + i * ldc + (j / block) *
 * blockStride + j % block}.
 *
 * <p>Blocks of columns let one product run over several images of a batch in NCHW.
 */
record Destination(float[] c, int offset, int ldc, int block, int blockStride) {
  static Destination matrix(float[] c, int offset, int ldc) {
    return new Destination(c, offset, ldc, Integer.MAX_VALUE, 0);
  }

  int at(int row, int column) {
    return offset + row * ldc + column / block * blockStride + column % block;
  }

  /** Columns from {@code column} that lie side by side. */
  int run(int column) {
    return block - column % block;
  }
}
