package dev.kiln.cpu.kernels;

/** A right operand of {@link TiledProduct}: knows how to pack panels of its columns. */
interface RightOperand {
  /**
   * Packs rows {@code k .. k + depth} of {@code columns} columns from {@code column} to {@code
   * panels[at ..]}.
   */
  void pack(TileKernels tiles, int k, int depth, int column, int columns, float[] panels, int at);

  /** A row-major matrix, or the transpose of one. */
  static RightOperand matrix(float[] b, int offset, int ldb, boolean transposed) {
    return transposed ? new Transposed(b, offset, ldb) : new Plain(b, offset, ldb);
  }

  /** Rows lie in memory as they are. */
  record Plain(float[] b, int offset, int ldb) implements RightOperand {
    @Override
    public void pack(
        TileKernels tiles, int k, int depth, int column, int columns, float[] panels, int at) {
      tiles.packColumns(b, offset + k * ldb + column, ldb, depth, columns, panels, at);
    }
  }

  /** Columns are the rows of a row-major matrix. */
  record Transposed(float[] b, int offset, int ldb) implements RightOperand {
    @Override
    public void pack(
        TileKernels tiles, int k, int depth, int column, int columns, float[] panels, int at) {
      tiles.packColumnsTransposed(
          b, offset + column * ldb + k, ldb, depth, columns, panels, depth, at);
    }
  }
}
