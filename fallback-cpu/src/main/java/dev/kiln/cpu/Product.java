package dev.kiln.cpu;

import dev.kiln.backend.Epilogue;
import dev.kiln.backend.View;
import java.util.Optional;

/**
 * Matrix products of the oracle: three loops, accumulated in double, integers in long. Long sums
 * are sums of parts, so that errors grow with the number of parts.
 */
final class Product {
  private static final long DOT_PART = 256;

  private Product() {}

  static void matmul(
      View out,
      View a,
      View b,
      Optional<View> bias,
      boolean transposeA,
      boolean transposeB,
      double alpha,
      double beta,
      Epilogue epilogue) {
    CpuStorage o = CpuStorage.of(out);
    CpuStorage sa = CpuStorage.of(a);
    CpuStorage sb = CpuStorage.of(b);
    long m = out.shape().dim(1);
    long n = out.shape().dim(2);
    long k = a.shape().dim(transposeA ? 1 : 2);
    long rowA = a.stride(transposeA ? 2 : 1);
    long stepA = a.stride(transposeA ? 1 : 2);
    long stepB = b.stride(transposeB ? 2 : 1);
    long colB = b.stride(transposeB ? 1 : 2);
    for (long batch = 0; batch < out.shape().dim(0); batch++) {
      long startA = a.offset() + (a.shape().dim(0) == 1 ? 0 : batch * a.stride(0));
      long startB = b.offset() + (b.shape().dim(0) == 1 ? 0 : batch * b.stride(0));
      for (long i = 0; i < m; i++) {
        for (long j = 0; j < n; j++) {
          long at = out.offset() + batch * out.stride(0) + i * out.stride(1) + j * out.stride(2);
          if (out.dtype().isFloating()) {
            double sum = dot(sa, startA + i * rowA, stepA, sb, startB + j * colB, stepB, k);
            double v = alpha * sum + (beta == 0 ? 0 : beta * o.get(at));
            if (bias.isPresent()) {
              v += CpuStorage.of(bias.get()).get(bias.get().offset() + j * bias.get().stride(0));
            }
            o.set(at, epilogue == Epilogue.RELU ? Math.max(v, 0) : v);
          } else {
            long sum = longDot(sa, startA + i * rowA, stepA, sb, startB + j * colB, stepB, k);
            long v = ((long) alpha) * sum + (beta == 0 ? 0 : ((long) beta) * o.getLong(at));
            if (bias.isPresent()) {
              View c = bias.get();
              v += CpuStorage.of(c).getLong(c.offset() + j * c.stride(0));
            }
            o.setLong(at, epilogue == Epilogue.RELU ? Math.max(v, 0) : v);
          }
        }
      }
    }
  }

  private static double dot(
      CpuStorage a, long i, long stepA, CpuStorage b, long j, long stepB, long k) {
    double sum = 0;
    for (long first = 0; first < k; first += DOT_PART) {
      double part = 0;
      for (long l = first; l < Math.min(k, first + DOT_PART); l++) {
        part += a.get(i + l * stepA) * b.get(j + l * stepB);
      }
      sum += part;
    }
    return sum;
  }

  private static long longDot(
      CpuStorage a, long i, long stepA, CpuStorage b, long j, long stepB, long k) {
    long sum = 0;
    for (long l = 0; l < k; l++) {
      sum += a.getLong(i + l * stepA) * b.getLong(j + l * stepB);
    }
    return sum;
  }
}
