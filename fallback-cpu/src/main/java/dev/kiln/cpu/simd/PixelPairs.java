package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.F;
import static dev.kiln.cpu.simd.Lanes.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * The first of every two pixels, read and added to, for convolutions of stride 2. Rows are often
 * one vector long, so one call takes many.
 */
final class PixelPairs {
  /** Lanes 0, 2, 4 and so on, twice. */
  private static final VectorShuffle<Float> EVEN =
      VectorShuffle.fromOp(F, lane -> 2 * lane & (LANES - 1));

  /** Every lane of the lower half twice, and of the upper. */
  private static final VectorShuffle<Float> LOWER = VectorShuffle.fromOp(F, lane -> lane / 2);

  private static final VectorShuffle<Float> HIGHER =
      VectorShuffle.fromOp(F, lane -> LANES / 2 + lane / 2);

  /** The upper half of the lanes. */
  private static final VectorMask<Float> UPPER = VectorMask.fromLong(F, -1L << LANES / 2);

  private static final VectorMask<Float> FIRSTS = VectorMask.fromLong(F, 0x5555555555555555L);

  private static final Primer READS =
      new Primer(turns -> readVectors(Primer.SCRATCH, 0, LANES, Primer.SINK, 0, 0, turns));

  private static final Primer SUMS =
      new Primer(turns -> addVectors(Primer.SCRATCH, 0, LANES, Primer.SINK, 0, 0, turns));

  private PixelPairs() {}

  /** Copies the first of every two pixels of {@code rows} rows to n pixels each. */
  static void read(float[] x, int from, int xStep, float[] y, int to, int yStep, int rows, int n) {
    READS.before(rows * n / LANES);
    int j = 0;
    for (; j + LANES <= n; j += LANES) {
      // A vector's last pixel is the second of a pair, and may lie behind the array's end.
      int end = from + 2 * (j + LANES);
      int whole = rows > 0 && end + (rows - 1) * xStep > x.length ? rows - 1 : rows;
      readVectors(x, from + 2 * j, xStep, y, to + j, yStep, whole);
      if (whole < rows) {
        readRest(x, from + whole * xStep, y, to + whole * yStep, j, j + LANES);
      }
    }
    for (int r = 0; r < rows; r++) {
      readRest(x, from + r * xStep, y, to + r * yStep, j, n);
    }
  }

  private static void readRest(float[] x, int from, float[] y, int to, int first, int last) {
    for (int j = first; j < last; j++) {
      y[to + j] = x[from + 2 * j];
    }
  }

  private static void readVectors(
      float[] x, int from, int xStep, float[] y, int to, int yStep, int rows) {
    for (int r = 0; r < rows; r++) {
      int s = from + r * xStep;
      FloatVector low = FloatVector.fromArray(F, x, s);
      FloatVector high = FloatVector.fromArray(F, x, s + LANES);
      low.rearrange(EVEN).blend(high.rearrange(EVEN), UPPER).intoArray(y, to + r * yStep);
    }
  }

  /**
   * Adds rows of n to the first of every two pixels.
   *
   * @param end what of y lies from there on stays untouched
   */
  static void add(
      float[] x, int from, int xStep, float[] y, int to, int yStep, int rows, int n, int end) {
    SUMS.before(rows * n / LANES);
    int j = 0;
    for (; j + LANES <= n; j += LANES) {
      int last = to + 2 * (j + LANES);
      int whole = rows > 0 && last + (rows - 1) * yStep > end ? rows - 1 : rows;
      addVectors(x, from + j, xStep, y, to + 2 * j, yStep, whole);
      if (whole < rows) {
        addRest(x, from + whole * xStep, y, to + whole * yStep, j, j + LANES);
      }
    }
    for (int r = 0; r < rows; r++) {
      addRest(x, from + r * xStep, y, to + r * yStep, j, n);
    }
  }

  private static void addRest(float[] x, int from, float[] y, int to, int first, int last) {
    for (int j = first; j < last; j++) {
      y[to + 2 * j] += x[from + j];
    }
  }

  private static void addVectors(
      float[] x, int from, int xStep, float[] y, int to, int yStep, int rows) {
    for (int r = 0; r < rows; r++) {
      int d = to + r * yStep;
      FloatVector v = FloatVector.fromArray(F, x, from + r * xStep);
      FloatVector low = FloatVector.fromArray(F, y, d);
      FloatVector high = FloatVector.fromArray(F, y, d + LANES);
      low.blend(low.add(v.rearrange(LOWER)), FIRSTS).intoArray(y, d);
      high.blend(high.add(v.rearrange(HIGHER)), FIRSTS).intoArray(y, d + LANES);
    }
  }
}
