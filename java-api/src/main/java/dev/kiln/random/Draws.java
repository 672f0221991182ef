package dev.kiln.random;

import dev.kiln.DType;
import dev.kiln.backend.Dist;
import dev.kiln.backend.HalfFloats;

/**
 * Turns Philox blocks into random numbers: the definition, bit for bit, that every device repeats.
 *
 * <p>Element {@code i} of a draw stands in block {@code counter + i / perBlock} at place {@code i %
 * perBlock}; the words w0 .. w3 of a block are taken as unsigned. All arithmetic is IEEE binary64
 * with each operation rounded on its own (no fused multiply-add), in the order written here.
 *
 * <ul>
 *   <li>Uniform, four to a block: {@code u = (w_lane >>> 8) * 2^-24}; FLOAT64, two to a block:
 *       {@code u = ((w_2l >>> 5) * 2^26 + (w_2l+1 >>> 6)) * 2^-53}. The value is {@code a + u * (b
 *       - a)}, rounded to the element type; where rounding reached b and a is less than b, it is
 *       the type's next value below.
 *   <li>Normal, four to a block: each pair (w0, w1) and (w2, w3) gives {@code r = sqrt(-2 log((w0 +
 *       1) 2^-32))} and, with {@code t = 2 pi w1 2^-32}, the elements {@code r cos t} and {@code r
 *       sin t} (Box and Muller 1958), by {@link #log} and {@link #cosSin}. The value is {@code a +
 *       b * z}, rounded to the element type.
 *   <li>Bernoulli, four to a block: b where the four-to-a-block u above is less than a, else 0.
 * </ul>
 *
 * Rounding to a 16-bit type goes by way of FLOAT32.
 */
public final class Draws {
  private static final double TWO_POW_M24 = 0x1p-24;
  private static final double TWO_POW_M32 = 0x1p-32;
  private static final double TWO_POW_M53 = 0x1p-53;

  private static final double SQRT_HALF = 0x1.6a09e667f3bcdp-1;
  // ln 2 in two parts; the high one has 21 trailing zero bits, so that its product with an exponent
  // is exact.
  private static final double LN2_HIGH = 0x1.62e42feep-1;
  private static final double LN2_LOW = 0x1.a39ef35793c76p-33;

  /** 2 pi / 2^32: the angle of one step of a 32-bit turn. */
  private static final double STEP = 0x1.921fb54442d18p-30;

  private Draws() {}

  /**
   * Returns how many elements one block makes.
   *
   * @param dist the distribution
   * @param dtype the element type
   * @return 2 for uniform FLOAT64, else 4
   */
  public static int perBlock(Dist dist, DType dtype) {
    return dist == Dist.UNIFORM && dtype == DType.FLOAT64 ? 2 : 4;
  }

  /**
   * Returns by how much a draw of n elements advances the counter.
   *
   * @param dist the distribution
   * @param dtype the element type
   * @param n the number of elements
   * @return the number of blocks, rounded up
   */
  public static long blocks(Dist dist, DType dtype, long n) {
    int per = perBlock(dist, dtype);
    return n / per + (n % per == 0 ? 0 : 1);
  }

  /**
   * Draws numbers from a run of blocks, so that a large draw can be cut into pieces: the piece from
   * element {@code i}, a multiple of {@link #perBlock}, starts at block {@code counter + i /
   * perBlock}.
   *
   * @param dist the distribution
   * @param dtype the type to which values are rounded, floating
   * @param a the distribution's first parameter
   * @param b the distribution's second parameter
   * @param seed the seed
   * @param stream the stream
   * @param counter the first block
   * @param out takes the values, exact in the type
   * @param offset where the first value goes
   * @param length how many values to draw
   */
  public static void fill(
      Dist dist,
      DType dtype,
      double a,
      double b,
      long seed,
      long stream,
      long counter,
      double[] out,
      int offset,
      int length) {
    int per = perBlock(dist, dtype);
    int[] words = new int[4];
    double[] values = new double[4];
    for (int i = 0; i < length; i += per) {
      Philox.block(seed, stream, counter++, words);
      switch (dist) {
        case UNIFORM -> uniform(dtype, a, b, words, values);
        case NORMAL -> normal(dtype, a, b, words, values);
        case BERNOULLI -> bernoulli(dtype, a, b, words, values);
      }
      System.arraycopy(values, 0, out, offset + i, Math.min(per, length - i));
    }
  }

  /**
   * Draws FLOAT32 numbers: what {@link #fill(Dist, DType, double, double, long, long, long,
   * double[], int, int)} draws, straight into an array of their type.
   *
   * @param dist the distribution
   * @param a the distribution's first parameter
   * @param b the distribution's second parameter
   * @param seed the seed
   * @param stream the stream
   * @param counter the first block
   * @param out takes the values
   * @param offset where the first value goes
   * @param length how many values to draw
   */
  public static void fill(
      Dist dist,
      double a,
      double b,
      long seed,
      long stream,
      long counter,
      float[] out,
      int offset,
      int length) {
    int[] words = new int[4];
    double[] values = new double[4];
    for (int i = 0; i < length; i += 4) {
      Philox.block(seed, stream, counter++, words);
      switch (dist) {
        case UNIFORM -> uniform(DType.FLOAT32, a, b, words, values);
        case NORMAL -> normal(DType.FLOAT32, a, b, words, values);
        case BERNOULLI -> bernoulli(DType.FLOAT32, a, b, words, values);
      }
      int n = Math.min(4, length - i);
      for (int j = 0; j < n; j++) {
        out[offset + i + j] = (float) values[j];
      }
    }
  }

  private static void uniform(DType dtype, double a, double b, int[] w, double[] out) {
    if (dtype == DType.FLOAT64) {
      for (int i = 0; i < 2; i++) {
        double u = ((w[2 * i] >>> 5) * 0x1p26 + (w[2 * i + 1] >>> 6)) * TWO_POW_M53;
        out[i] = below(dtype, a, b, a + u * (b - a));
      }
    } else {
      for (int i = 0; i < 4; i++) {
        out[i] = below(dtype, a, b, round(dtype, a + uniform24(w[i]) * (b - a)));
      }
    }
  }

  private static void normal(DType dtype, double a, double b, int[] w, double[] out) {
    for (int i = 0; i < 4; i += 2) {
      double u = (Integer.toUnsignedLong(w[i]) + 1) * TWO_POW_M32;
      double r = Math.sqrt(-2.0 * log(u));
      cosSin(w[i + 1], out, i);
      out[i] = round(dtype, a + b * (r * out[i]));
      out[i + 1] = round(dtype, a + b * (r * out[i + 1]));
    }
  }

  private static void bernoulli(DType dtype, double a, double b, int[] w, double[] out) {
    double value = round(dtype, b);
    for (int i = 0; i < 4; i++) {
      out[i] = uniform24(w[i]) < a ? value : 0;
    }
  }

  private static double uniform24(int word) {
    return (word >>> 8) * TWO_POW_M24;
  }

  private static double below(DType dtype, double a, double b, double v) {
    if (!(v >= b && a < b)) {
      return v;
    }
    return switch (dtype) {
      case FLOAT64 -> Math.nextDown(v);
      case FLOAT32 -> Math.nextDown((float) v);
      case BFLOAT16 -> HalfFloats.fromBfloat16(nextDown16(HalfFloats.toBfloat16((float) v)));
      case FLOAT16 -> HalfFloats.fromFloat16(nextDown16(HalfFloats.toFloat16((float) v)));
      default -> throw notFloating(dtype);
    };
  }

  /** The next lower value of a sign-and-magnitude 16-bit format, from its bits; never of NaN. */
  private static short nextDown16(short bits) {
    if ((bits & 0x7FFF) == 0) {
      return (short) 0x8001;
    }
    return (short) (bits < 0 ? bits + 1 : bits - 1);
  }

  private static double round(DType dtype, double v) {
    return switch (dtype) {
      case FLOAT64 -> v;
      case FLOAT32 -> (float) v;
      case BFLOAT16 -> HalfFloats.fromBfloat16(HalfFloats.toBfloat16((float) v));
      case FLOAT16 -> HalfFloats.fromFloat16(HalfFloats.toFloat16((float) v));
      default -> throw notFloating(dtype);
    };
  }

  private static IllegalArgumentException notFloating(DType dtype) {
    return new IllegalArgumentException("[random] cannot draw " + dtype + "; draw a floating type");
  }

  /**
   * Computes the natural logarithm within 1e-14 (relative), from exactly rounded operations only.
   *
   * <p>With {@code x = m 2^e}, m in [sqrt(1/2), sqrt(2)), and {@code s = (m - 1) / (m + 1)}, it is
   * {@code e ln 2 + 2 s (1 + s^2/3 + s^4/5 + ... + s^22/23)}.
   *
   * @param x a normal positive number
   * @return ln x
   */
  public static double log(double x) {
    int e = Math.getExponent(x) + 1;
    double m =
        Double.longBitsToDouble(
            Double.doubleToRawLongBits(x) & 0x000FFFFFFFFFFFFFL | 0x3FE0000000000000L);
    if (m < SQRT_HALF) {
      m += m;
      e--;
    }
    double s = (m - 1.0) / (m + 1.0);
    double z = s * s;
    double p = 1.0 / 23.0;
    p = p * z + 1.0 / 21.0;
    p = p * z + 1.0 / 19.0;
    p = p * z + 1.0 / 17.0;
    p = p * z + 1.0 / 15.0;
    p = p * z + 1.0 / 13.0;
    p = p * z + 1.0 / 11.0;
    p = p * z + 1.0 / 9.0;
    p = p * z + 1.0 / 7.0;
    p = p * z + 1.0 / 5.0;
    p = p * z + 1.0 / 3.0;
    p = p * z;
    double s2 = s + s;
    return e * LN2_HIGH + (e * LN2_LOW + (s2 + s2 * p));
  }

  /**
   * Computes cosine and sine of a part of a turn within 1e-15, from exactly rounded operations
   * only.
   *
   * <p>The turn is reduced in integers to the nearest quarter turn q and a rest of at most an
   * eighth turn, whose cosine and sine are Taylor polynomials of degree 18 and 17.
   *
   * @param turn the angle as a share of 2^32 (unsigned) of a full turn
   * @param out takes cosine and sine
   * @param at where the cosine goes; the sine goes one further
   */
  public static void cosSin(int turn, double[] out, int at) {
    int q = (turn + 0x20000000) >>> 30;
    double x = (turn - (q << 30)) * STEP;
    double z = x * x;
    double s = 1.0 / 355687428096000.0;
    s = s * z - 1.0 / 1307674368000.0;
    s = s * z + 1.0 / 6227020800.0;
    s = s * z - 1.0 / 39916800.0;
    s = s * z + 1.0 / 362880.0;
    s = s * z - 1.0 / 5040.0;
    s = s * z + 1.0 / 120.0;
    s = s * z - 1.0 / 6.0;
    s = x + x * (s * z);
    double c = -1.0 / 6402373705728000.0;
    c = c * z + 1.0 / 20922789888000.0;
    c = c * z - 1.0 / 87178291200.0;
    c = c * z + 1.0 / 479001600.0;
    c = c * z - 1.0 / 3628800.0;
    c = c * z + 1.0 / 40320.0;
    c = c * z - 1.0 / 720.0;
    c = c * z + 1.0 / 24.0;
    c = c * z - 0.5;
    c = 1.0 + c * z;
    out[at] = q == 0 ? c : q == 1 ? -s : q == 2 ? -c : s;
    out[at + 1] = q == 0 ? s : q == 1 ? c : q == 2 ? -s : -c;
  }
}
