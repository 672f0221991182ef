package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

/**
 * How C is cut into pieces that threads take as they come, each with panels of its own.
 *
 * @param rows parts of the rows
 * @param columns parts of the columns
 */
record PieceGrid(int rows, int columns) {
  static final PieceGrid ONE = new PieceGrid(1, 1);

  /**
   * Multiply-adds in the time that packing an element takes, on one core with AVX-512: an operand
   * is packed anew for every piece that needs it, and a left one for every block of columns.
   */
  private static final double PACKING = 26;

  /** How much of a piece threads wait, at the end, for the last of them. */
  private static final double WAITING = 0.1;

  private static final int MOST_PIECES = 4;

  int pieces() {
    return rows * columns;
  }

  /** Returns the grid that the least time is expected of. */
  static PieceGrid of(TileKernels tiles, int m, int n, int k, int threads) {
    int rowPanels = divideUp(m, tiles.tileRows());
    int columnPanels = divideUp(n, tiles.tileColumns());
    int most = TiledProduct.mostColumns(tiles, TiledProduct.depthBlock(tiles, k));
    PieceGrid best = ONE;
    double least = Double.MAX_VALUE;
    int pieces = MOST_PIECES * threads;
    for (int r = 1; r <= Math.min(rowPanels, pieces); r++) {
      for (int q = 1; q <= Math.min(columnPanels, pieces / r); q++) {
        double height = divideUp(rowPanels, r) * (double) tiles.tileRows();
        double width = divideUp(columnPanels, q) * (double) tiles.tileColumns();
        double packing = PACKING * (1 / height + 1 / Math.min(width, most));
        double piece = height * width * (1 + packing);
        double time = piece * (divideUp(r * q, threads) + WAITING);
        if (time < least) {
          least = time;
          best = new PieceGrid(r, q);
        }
      }
    }
    return best;
  }
}
