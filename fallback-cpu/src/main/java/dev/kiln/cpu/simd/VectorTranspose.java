package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.F;
import static dev.kiln.cpu.simd.Lanes.LANES;

import dev.kiln.cpu.kernels.Transpose;
import dev.kiln.cpu.threads.Workspace;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Transposes squares of 16 x 16 elements in registers, where vectors have 16 lanes.
 *
 * <p>Four steps exchange the squares of 8, 4, 2 and 1 elements above the diagonal with those below
 * (Eklundh, A Fast Computer Method for Matrix Transposing, 1972), two steps in each of two passes,
 * since C2 of JDK 17 makes objects of the vectors in methods of more operations. For the same
 * reason lanes are chosen by masks: by exclusive or would be faster there, were it compiled every
 * time.
 */
final class VectorTranspose {
  private static final int SIDE = 16;
  private static final int QUARTER = SIDE / 4;
  private static final int ALL = SIDE * SIDE;

  /** With fewer columns to a square, the plain loops are as quick. */
  private static final int FEWEST_COLUMNS = 11;

  private static final VectorMask<Float> ODD_8 = odd(8);
  private static final VectorMask<Float> ODD_4 = odd(4);
  private static final VectorMask<Float> ODD_2 = odd(2);
  private static final VectorMask<Float> ODD_1 = odd(1);
  private static final VectorShuffle<Float> UP_8 = from(-8);
  private static final VectorShuffle<Float> UP_4 = from(-4);
  private static final VectorShuffle<Float> UP_2 = from(-2);
  private static final VectorShuffle<Float> UP_1 = from(-1);
  private static final VectorShuffle<Float> DOWN_8 = from(8);
  private static final VectorShuffle<Float> DOWN_4 = from(4);
  private static final VectorShuffle<Float> DOWN_2 = from(2);
  private static final VectorShuffle<Float> DOWN_1 = from(1);

  private static final Primer PRIMER = new Primer(VectorTranspose::primed);

  private VectorTranspose() {}

  /** Ones in the lanes whose number has {@code bit} set. */
  private static VectorMask<Float> odd(int bit) {
    boolean[] set = new boolean[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      set[lane] = (lane & bit) != 0;
    }
    return VectorMask.fromArray(F, set, 0);
  }

  /** Brings to every lane the one {@code distance} further, round about. */
  private static VectorShuffle<Float> from(int distance) {
    return VectorShuffle.fromOp(F, lane -> (lane + distance) & (LANES - 1));
  }

  private static void primed(int turns) {
    float[] half = new float[ALL];
    for (int i = 0; i < turns; i += 4) {
      upperSteps(Primer.SCRATCH, 0, 0, half);
      lowerSteps(half, Primer.SINK, 0, 0);
    }
  }

  /** As {@link Transpose#run}. */
  static void run(int rows, int columns, float[] x, int from, int ld, float[] y, int to, int ldy) {
    if (LANES != SIDE || rows < SIDE || columns < FEWEST_COLUMNS) {
      Transpose.run(rows, columns, x, from, ld, y, to, ldy);
      return;
    }
    PRIMER.before(columns);
    float[] half = Workspace.mine().floats(Workspace.Slot.SQUARE, 2 * ALL);
    for (int i = 0; i < rows; i += SIDE) {
      i = Math.min(i, rows - SIDE); // the last rows again with what the whole square before wrote
      rows(columns, x, from + i * ld, ld, y, to + i, ldy, half);
    }
  }

  /** Transposes 16 rows. */
  private static void rows(
      int columns, float[] x, int from, int ld, float[] y, int to, int ldy, float[] half) {
    int j = 0;
    for (; j + SIDE <= columns; j += SIDE) {
      square(x, from + j, ld, y, to + j * ldy, ldy, half);
    }
    int rest = columns - j;
    if (rest < FEWEST_COLUMNS) {
      Transpose.run(SIDE, rest, x, from + j, ld, y, to + j * ldy, ldy);
    } else if (columns >= SIDE) {
      j = columns - SIDE;
      square(x, from + j, ld, y, to + j * ldy, ldy, half);
    } else if (from + (SIDE - 1) * ld <= x.length - SIDE) {
      square(x, from, ld, half, ALL, SIDE, half);
      for (int c = 0; c < columns; c++) {
        FloatVector.fromArray(F, half, ALL + c * SIDE).intoArray(y, to + c * ldy);
      }
    } else {
      Transpose.run(SIDE, columns, x, from, ld, y, to, ldy);
    }
  }

  private static void square(
      float[] x, int from, int ld, float[] y, int to, int ldy, float[] half) {
    upperSteps(x, from, ld, half);
    lowerSteps(half, y, to, ldy);
  }

  /** Exchanges squares of 8 and of 4 elements, in rows a quarter of all apart. */
  private static void upperSteps(float[] x, int from, int ld, float[] half) {
    int to = 0;
    for (int i = 0; i < QUARTER; i++) {
      FloatVector a = FloatVector.fromArray(F, x, from);
      FloatVector b = FloatVector.fromArray(F, x, from + QUARTER * ld);
      FloatVector c = FloatVector.fromArray(F, x, from + 2 * QUARTER * ld);
      FloatVector d = FloatVector.fromArray(F, x, from + 3 * QUARTER * ld);
      FloatVector e = a.blend(c.rearrange(UP_8), ODD_8);
      FloatVector f = b.blend(d.rearrange(UP_8), ODD_8);
      FloatVector g = a.rearrange(DOWN_8).blend(c, ODD_8);
      FloatVector h = b.rearrange(DOWN_8).blend(d, ODD_8);
      e.blend(f.rearrange(UP_4), ODD_4).intoArray(half, to);
      e.rearrange(DOWN_4).blend(f, ODD_4).intoArray(half, to + ALL / 4);
      g.blend(h.rearrange(UP_4), ODD_4).intoArray(half, to + ALL / 2);
      g.rearrange(DOWN_4).blend(h, ODD_4).intoArray(half, to + 3 * ALL / 4);
      from += ld;
      to += SIDE;
    }
  }

  /** Exchanges squares of 2 elements and single ones, in rows side by side. */
  private static void lowerSteps(float[] half, float[] y, int to, int ldy) {
    int from = 0;
    for (int i = 0; i < QUARTER; i++) {
      FloatVector a = FloatVector.fromArray(F, half, from);
      FloatVector b = FloatVector.fromArray(F, half, from + SIDE);
      FloatVector c = FloatVector.fromArray(F, half, from + 2 * SIDE);
      FloatVector d = FloatVector.fromArray(F, half, from + 3 * SIDE);
      FloatVector e = a.blend(c.rearrange(UP_2), ODD_2);
      FloatVector f = b.blend(d.rearrange(UP_2), ODD_2);
      FloatVector g = a.rearrange(DOWN_2).blend(c, ODD_2);
      FloatVector h = b.rearrange(DOWN_2).blend(d, ODD_2);
      e.blend(f.rearrange(UP_1), ODD_1).intoArray(y, to);
      e.rearrange(DOWN_1).blend(f, ODD_1).intoArray(y, to + ldy);
      g.blend(h.rearrange(UP_1), ODD_1).intoArray(y, to + 2 * ldy);
      g.rearrange(DOWN_1).blend(h, ODD_1).intoArray(y, to + 3 * ldy);
      from += 4 * SIDE;
      to += 4 * ldy;
    }
  }
}
