package dev.kiln.cpu.kernels;

import java.util.Arrays;

/**
 * A matrix product of {@link Gemm} and everything about its operands.
 *
 * @param ta whether op(A) is the transpose
 * @param tb whether op(B) is
 * @param m rows of op(A) and C
 * @param n columns of op(B) and C
 * @param k the depth
 * @param alpha the factor of op(A) op(B)
 * @param a A, from {@code ao} on, rows {@code lda} apart
 * @param b B, from {@code bo} on, rows {@code ldb} apart
 * @param beta the factor of what C holds; if 0, it is not read
 * @param c C, from {@code co} on, rows {@code ldc} apart
 * @param epilogue what happens to C on its way
 */
record Product(
    boolean ta,
    boolean tb,
    int m,
    int n,
    int k,
    float alpha,
    float[] a,
    int ao,
    int lda,
    float[] b,
    int bo,
    int ldb,
    float beta,
    float[] c,
    int co,
    int ldc,
    Epilogue epilogue) {
  LeftOperand left() {
    return LeftOperand.matrix(a, ao, lda, ta);
  }

  RightOperand right() {
    return RightOperand.matrix(b, bo, ldb, tb);
  }

  Destination out() {
    return Destination.matrix(c, co, ldc);
  }

  long work() {
    return (long) m * n * k;
  }

  /** Whether tiles add to what C holds. */
  boolean adds() {
    return beta != 0f;
  }

  /** Multiplies rows m0 .. m1, columns n0 .. n1 of C by beta, unless tiles overwrite them. */
  void prescale(int m0, int m1, int n0, int n1) {
    if (beta == 1f || (beta == 0f && k > 0 && alpha != 0f)) {
      return;
    }
    for (int i = m0; i < m1; i++) {
      int o = co + i * ldc;
      if (beta == 0f) {
        Arrays.fill(c, o + n0, o + n1, 0f);
      } else {
        for (int j = n0; j < n1; j++) {
          c[o + j] *= beta;
        }
      }
    }
  }
}
