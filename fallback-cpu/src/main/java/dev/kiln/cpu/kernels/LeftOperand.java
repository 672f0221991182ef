package dev.kiln.cpu.kernels;

/** A left operand of {@link TiledProduct}: knows how to pack a panel of its rows. */
interface LeftOperand {
  /** Whether panels are interleaved; otherwise they are in row layout. */
  boolean interleaved();

  /** Packs {@code rows} rows from {@code row}, columns {@code k .. k + depth}, to a panel. */
  void pack(TileKernels tiles, int row, int rows, int k, int depth, float[] panel, int at);

  /** A row-major matrix, or the transpose of one. */
  static LeftOperand matrix(float[] a, int offset, int lda, boolean transposed) {
    return transposed ? new Transposed(a, offset, lda) : new Plain(a, offset, lda);
  }

  /** Rows lie in memory as they are. */
  record Plain(float[] a, int offset, int lda) implements LeftOperand {
    @Override
    public boolean interleaved() {
      return false;
    }

    @Override
    public void pack(
        TileKernels tiles, int row, int rows, int k, int depth, float[] panel, int at) {
      int stride = tiles.rowStride();
      for (int i = 0; i < rows; i++) {
        System.arraycopy(a, offset + (row + i) * lda + k, panel, at + i * stride, depth);
      }
    }
  }

  /** Rows are the columns of a row-major matrix. */
  record Transposed(float[] a, int offset, int lda) implements LeftOperand {
    @Override
    public boolean interleaved() {
      return true;
    }

    @Override
    public void pack(
        TileKernels tiles, int row, int rows, int k, int depth, float[] panel, int at) {
      tiles.packInterleaved(a, offset + k * lda + row, lda, depth, rows, panel, at);
    }
  }
}
