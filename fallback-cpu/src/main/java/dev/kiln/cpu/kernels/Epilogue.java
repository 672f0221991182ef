package dev.kiln.cpu.kernels;

/**
 * What happens to a matrix product on its way to memory: add a bias, then rectify.
 *
 * @param bias the bias, empty for none
 * @param offset where the bias starts
 * @param perRow whether the bias runs along rows of C (one value per row) or columns
 * @param relu whether to rectify
 */
public record Epilogue(float[] bias, int offset, boolean perRow, boolean relu) {
  private static final float[] ABSENT = {};

  /** Nothing to add, nothing to rectify. */
  public static final Epilogue NONE = new Epilogue(ABSENT, 0, false, false);

  /** Rectifies only. */
  public static final Epilogue RELU = new Epilogue(ABSENT, 0, false, true);

  /** Adds {@code bias[offset + j]} to column j. */
  public static Epilogue columnBias(float[] bias, int offset, boolean relu) {
    return new Epilogue(bias, offset, false, relu);
  }

  /** Adds {@code bias[offset + i]} to row i. */
  public static Epilogue rowBias(float[] bias, int offset, boolean relu) {
    return new Epilogue(bias, offset, true, relu);
  }

  boolean isNone() {
    return bias.length == 0 && !relu;
  }

  boolean hasBias() {
    return bias.length > 0;
  }

  /** The same epilogue for a part of C that begins {@code rows} lower and {@code columns} right. */
  Epilogue shifted(int rows, int columns) {
    return hasBias() ? new Epilogue(bias, offset + (perRow ? rows : columns), perRow, relu) : this;
  }

  /** The same epilogue for the transpose of C. */
  Epilogue transposed() {
    return new Epilogue(bias, offset, !perRow, relu);
  }

  void apply(
      TileKernels tiles, int row, int rows, int column, int columns, float[] c, int o, int ldc) {
    if (perRow) {
      tiles.finishRows(rows, columns, c, o, ldc, bias, offset + row, relu);
    } else {
      tiles.finishColumns(rows, columns, c, o, ldc, bias, offset + column, relu);
    }
  }

  /** The epilogue of a single element. */
  float apply(int row, int column, float value) {
    float v = hasBias() ? value + bias[offset + (perRow ? row : column)] : value;
    return relu ? Math.max(v, 0f) : v;
  }
}
