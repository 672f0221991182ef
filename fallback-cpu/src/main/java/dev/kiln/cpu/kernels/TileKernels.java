package dev.kiln.cpu.kernels;

/**
 * The inner loops of matrix products: small tiles of C from packed panels of A and B.
 *
 * <p>A right panel holds {@link #tileColumns()} columns: {@code panel[k * tileColumns + j]}. A left
 * panel holds up to {@link #tileRows()} rows in one of two layouts: <i>row</i> layout {@code
 * panel[i * rowStride + k]}, or <i>interleaved</i> layout {@code panel[k * interleavedStep + i]}.
 * Every element of a tile is summed over k in rising order, so its bits do not depend on where in a
 * tile it lies nor on the layout.
 */
public interface TileKernels {
  /** Greatest number of rows of a tile. */
  int tileRows();

  /** Heights of tiles are multiples of this where there is a choice, so that few are compiled. */
  default int rowUnit() {
    return tileRows() % 2 == 0 ? 2 : 1;
  }

  /** Number of columns of a tile. */
  int tileColumns();

  /** Greatest depth of a packed panel. */
  int depth();

  /** Distance between rows of a left panel in row layout; above {@link #depth()}. */
  int rowStride();

  /** Distance between the steps of a left panel in interleaved layout; not below its rows. */
  int interleavedStep();

  /** Floats that a left panel in either layout takes. */
  default int leftSize() {
    return Math.max(tileRows() * rowStride(), interleavedStep() * depth()) + slack();
  }

  /** Slack, in floats, that packing may write past the end of a panel. */
  int slack();

  /**
   * Sets or adds {@code rows x columns} elements of C from a left panel in row layout; the elements
   * from there to {@code tileColumns} may be set or not.
   *
   * @param ldb distance between the rows of B, {@code tileColumns()} when packed
   */
  void rowTile(
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
      int ldc);

  /** Elements of B from which on {@link #addRows} may be quicker than tiles of a single row. */
  long addedFrom();

  /** Rows of B that {@link #addRows} takes. */
  int ADDED_ROWS = 8;

  /**
   * Adds the product of {@code a[aOffset ..]} and as many rows of B to one row of C: each element
   * is summed in the order of the rows, then added.
   *
   * @param columns a multiple of {@code tileColumns()}
   * @param ldb distance between the rows of B
   */
  void addRows(
      int columns, float[] a, int aOffset, float[] b, int bOffset, int ldb, float[] c, int cOffset);

  /** As {@link #rowTile} from a left panel in interleaved layout. */
  void interleavedTile(
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
      int ldc);

  /**
   * As {@link #rowTile}, but row k of B is {@code b[bOffset + tap[firstTap + k]]} and what follows.
   */
  void tapTile(
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
      int ldc);

  /**
   * As {@link #rowTile} for a packed right panel, but element i of A's column k is {@code a[aOffset
   * + tap[firstTap + k] + i * step]}.
   *
   * @param step 1 or 2
   */
  void pixelTile(
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
      int ldc);

  /** Greatest number of rows of A in one {@link #dotTile}. */
  int dotRows();

  /** Greatest number of rows of B in one {@link #dotTile}. */
  int dotColumns();

  /**
   * Writes {@code out[i * dotColumns + j]} = sum over k of {@code a[aOffset + i * lda + k] *
   * b[bOffset + j * ldb + k]}.
   */
  void dotTile(
      int rows,
      int columns,
      int depth,
      float[] a,
      int aOffset,
      int lda,
      float[] b,
      int bOffset,
      int ldb,
      float[] out);

  /**
   * Copies {@code depth} rows of {@code columns} elements into right panels from {@code panels[at]}
   * on. What lies beside them in the last panel is zero if the tiles read it.
   */
  void packColumns(float[] b, int offset, int ldb, int depth, int columns, float[] panels, int at);

  /**
   * As {@link #packColumns} from a transposed source: column j of B is a row of {@code b}.
   *
   * @param panelDepth rows of a panel
   * @param at where the first row goes
   */
  void packColumnsTransposed(
      float[] b,
      int offset,
      int ldb,
      int depth,
      int columns,
      float[] panels,
      int panelDepth,
      int at);

  /**
   * Writes {@code y[to + j * ldy + i] = x[from + i * ld + j]} for i below {@code rows} and j below
   * {@code columns}; x and y do not overlap.
   */
  void transpose(int rows, int columns, float[] x, int from, int ld, float[] y, int to, int ldy);

  /** Copies {@code rows} columns of a transposed A into an interleaved left panel. */
  void packInterleaved(
      float[] a, int offset, int lda, int depth, int rows, float[] panel, int panelOffset);

  /**
   * Copies the first of every two pixels of some rows: pixel {@code 2 * j} of x's to pixel j of
   * y's, for j below {@code n}; x and y do not overlap.
   */
  void everySecond(float[] x, int from, int xStep, float[] y, int to, int yStep, int rows, int n);

  /**
   * The way back: adds pixel j of x's rows to pixel {@code 2 * j} of y's.
   *
   * @param end what of y lies from there on may be another thread's
   */
  void addToEverySecond(
      float[] x, int from, int xStep, float[] y, int to, int yStep, int rows, int n, int end);

  /** Longest run that {@link #packRuns} and {@link #packRow} take. */
  int longestRun();

  /**
   * Copies runs of pixels into one right panel: row k of it are the pixels of {@code image} that
   * lie {@code tap[firstTap + k]} behind the runs.
   *
   * <p>The image must be followed by {@link #slack()} readable elements.
   */
  void packRuns(
      float[] image, int[] tap, int firstTap, int depth, PixelRuns runs, float[] panel, int at);

  /**
   * Copies the pixels that lie {@code base} behind some runs; may write up to {@link #slack()}
   * elements past the last.
   *
   * <p>The image must be followed by {@link #slack()} readable elements.
   */
  void packRow(float[] image, int base, PixelRuns runs, float[] row, int at);

  /**
   * Writes {@code y[yOffset + j] = start + sum over t of weight[weightOffset + t] * image[base +
   * tap[t] + j]} for j below {@code count}.
   */
  void taps(
      float start,
      float[] weight,
      int weightOffset,
      int[] tap,
      int taps,
      float[] image,
      int base,
      int count,
      float[] y,
      int yOffset);

  /** Adds a column bias (or none when {@code bias} is empty) and rectifies a tile in place. */
  void finishColumns(
      int rows,
      int columns,
      float[] c,
      int cOffset,
      int ldc,
      float[] bias,
      int biasOffset,
      boolean relu);

  /** Adds a row bias (or none when {@code bias} is empty) and rectifies a tile in place. */
  void finishRows(
      int rows,
      int columns,
      float[] c,
      int cOffset,
      int ldc,
      float[] bias,
      int biasOffset,
      boolean relu);
}
