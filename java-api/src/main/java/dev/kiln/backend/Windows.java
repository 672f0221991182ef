package dev.kiln.backend;

import dev.kiln.Shape;

/**
 * The windows that a kernel visits on padded planes: where each of their elements ("taps") lies.
 *
 * @param kernelH window rows
 * @param kernelW window columns
 * @param strideH rows between two windows
 * @param strideW columns between two windows
 * @param paddingH rows before the plane
 * @param paddingW columns before the plane
 * @param dilationH rows between two taps
 * @param dilationW columns between two taps
 * @param outH windows in a column
 * @param outW windows in a row
 */
record Windows(
    int kernelH,
    int kernelW,
    int strideH,
    int strideW,
    int paddingH,
    int paddingW,
    int dilationH,
    int dilationW,
    long outH,
    long outW) {
  static Windows of(Conv2dSpec s, Shape weight, Shape y) {
    return new Windows(
        (int) weight.dim(2),
        (int) weight.dim(3),
        s.strideH(),
        s.strideW(),
        s.paddingH(),
        s.paddingW(),
        s.dilationH(),
        s.dilationW(),
        y.dim(2),
        y.dim(3));
  }

  static Windows of(Pool2dSpec s, Shape y) {
    return new Windows(
        s.kernelH(),
        s.kernelW(),
        s.strideH(),
        s.strideW(),
        s.paddingH(),
        s.paddingW(),
        s.dilationH(),
        s.dilationW(),
        y.dim(2),
        y.dim(3));
  }

  /** Rows of a plane with its padding and what the last window hangs over. */
  long paddedH(long h) {
    return Math.max(h + 2L * paddingH, (outH - 1) * strideH + (kernelH - 1L) * dilationH + 1);
  }

  /** Columns of a plane with its padding and what the last window hangs over. */
  long paddedW(long w) {
    return Math.max(w + 2L * paddingW, (outW - 1) * strideW + (kernelW - 1L) * dilationW + 1);
  }

  /** The plane itself within padded planes. */
  View interior(View padded, long h, long w) {
    return padded.narrow(2, paddingH, h).narrow(3, paddingW, w);
  }

  /** Planes [n, c, h, w] of the arithmetic type, surrounded by a value. */
  View pad(Composer k, View x, double value) {
    long h = x.shape().dim(2);
    long w = x.shape().dim(3);
    if (paddedH(h) == h && paddedW(w) == w) {
      return k.in(x);
    }
    View padded = k.full(value, x.shape().dim(0), x.shape().dim(1), paddedH(h), paddedW(w));
    k.backend().copy(interior(padded, h, w), x);
    return padded;
  }

  /** One tap of every window: [n, c, outH, outW] of padded planes [n, c, h, w]. */
  View tap(View padded, int row, int column) {
    return View.strided(
        padded.storage(),
        padded.offset()
            + (long) row * dilationH * padded.stride(2)
            + (long) column * dilationW * padded.stride(3),
        Shape.of(padded.shape().dim(0), padded.shape().dim(1), outH, outW),
        padded.stride(0),
        padded.stride(1),
        strideH * padded.stride(2),
        strideW * padded.stride(3));
  }

  /** All taps of every window: [n, c, kernelH, kernelW, outH, outW] of padded planes. */
  View taps(View padded) {
    return View.strided(
        padded.storage(),
        padded.offset(),
        Shape.of(padded.shape().dim(0), padded.shape().dim(1), kernelH, kernelW, outH, outW),
        padded.stride(0),
        padded.stride(1),
        dilationH * padded.stride(2),
        dilationW * padded.stride(3),
        strideH * padded.stride(2),
        strideW * padded.stride(3));
  }
}
