package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.F;
import static dev.kiln.cpu.simd.Lanes.LANES;

import jdk.incubator.vector.FloatVector;

/** The inner loop of products of a row and a matrix that is read once: along eight of its rows. */
final class AddedRows {
  private AddedRows() {}

  static void add(int columns, float[] a, int ao, float[] b, int b0, int ldb, float[] c, int co) {
    FloatVector a0 = FloatVector.broadcast(F, a[ao]);
    FloatVector a1 = FloatVector.broadcast(F, a[ao + 1]);
    FloatVector a2 = FloatVector.broadcast(F, a[ao + 2]);
    FloatVector a3 = FloatVector.broadcast(F, a[ao + 3]);
    FloatVector a4 = FloatVector.broadcast(F, a[ao + 4]);
    FloatVector a5 = FloatVector.broadcast(F, a[ao + 5]);
    FloatVector a6 = FloatVector.broadcast(F, a[ao + 6]);
    FloatVector a7 = FloatVector.broadcast(F, a[ao + 7]);
    int b1 = b0 + ldb;
    int b2 = b1 + ldb;
    int b3 = b2 + ldb;
    int b4 = b3 + ldb;
    int b5 = b4 + ldb;
    int b6 = b5 + ldb;
    int b7 = b6 + ldb;
    for (int j = 0; j < columns; j += LANES) {
      FloatVector sum = FloatVector.fromArray(F, b, b0 + j).mul(a0);
      sum = a1.fma(FloatVector.fromArray(F, b, b1 + j), sum);
      sum = a2.fma(FloatVector.fromArray(F, b, b2 + j), sum);
      sum = a3.fma(FloatVector.fromArray(F, b, b3 + j), sum);
      sum = a4.fma(FloatVector.fromArray(F, b, b4 + j), sum);
      sum = a5.fma(FloatVector.fromArray(F, b, b5 + j), sum);
      sum = a6.fma(FloatVector.fromArray(F, b, b6 + j), sum);
      sum = a7.fma(FloatVector.fromArray(F, b, b7 + j), sum);
      FloatVector.fromArray(F, c, co + j).add(sum).intoArray(c, co + j);
    }
  }
}
