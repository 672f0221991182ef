package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.F;
import static dev.kiln.cpu.simd.Lanes.I;
import static dev.kiln.cpu.simd.Lanes.LANES;
import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2B;
import static jdk.incubator.vector.VectorOperators.NE;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Comparisons of floats whose results are bytes of 0 or 1, and choices by such bytes. A plain loop
 * branches, and no processor predicts the comparisons of random numbers.
 */
final class VectorComparison {
  /** As many bytes as a vector has floats. */
  private static final VectorSpecies<Byte> B =
      LANES == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

  private static final FloatVector NO = FloatVector.zero(F);

  /** Has the bits of the integer 1. */
  private static final FloatVector YES = FloatVector.broadcast(F, Float.intBitsToFloat(1));

  private VectorComparison() {}

  /** How many of n elements are compared here. */
  static int whole(int n) {
    return LANES < 8 ? 0 : n / LANES * LANES;
  }

  static void equal(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(F, a, ao + i);
      ((ByteVector)
              NO.blend(YES, v.compare(EQ, FloatVector.fromArray(F, b, bo + i)))
                  .reinterpretAsInts()
                  .convertShape(I2B, B, 0))
          .intoArray(y, yo + i);
    }
  }

  static void notEqual(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(F, a, ao + i);
      ((ByteVector)
              NO.blend(YES, v.compare(NE, FloatVector.fromArray(F, b, bo + i)))
                  .reinterpretAsInts()
                  .convertShape(I2B, B, 0))
          .intoArray(y, yo + i);
    }
  }

  static void greater(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(F, a, ao + i);
      ((ByteVector)
              NO.blend(YES, v.compare(GT, FloatVector.fromArray(F, b, bo + i)))
                  .reinterpretAsInts()
                  .convertShape(I2B, B, 0))
          .intoArray(y, yo + i);
    }
  }

  static void notLess(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(F, a, ao + i);
      ((ByteVector)
              NO.blend(YES, v.compare(GE, FloatVector.fromArray(F, b, bo + i)))
                  .reinterpretAsInts()
                  .convertShape(I2B, B, 0))
          .intoArray(y, yo + i);
    }
  }

  static void select(
      byte[] c, int co, float[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    for (int i = 0; i < n; i += LANES) {
      IntVector set = (IntVector) ByteVector.fromArray(B, c, co + i).convertShape(B2I, I, 0);
      FloatVector.fromArray(F, b, bo + i)
          .blend(FloatVector.fromArray(F, a, ao + i), set.compare(NE, 0).cast(F))
          .intoArray(y, yo + i);
    }
  }
}
