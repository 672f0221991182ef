package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.F;

import dev.kiln.random.Philox;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The words of some Philox blocks, and normal numbers made of them in vectors of doubles: the same
 * operations as {@link dev.kiln.random.Draws}'s, in the same order, each rounded on its own.
 */
final class RandomBatch {
  /** Blocks of a batch, a multiple of the lanes of a vector of doubles. */
  private static final int BLOCKS = 64;

  static final int WORDS = 4 * BLOCKS;
  private static final int PAIRS = WORDS / 2;

  private static final VectorSpecies<Double> D = F.withLanes(double.class).check(double.class);
  private static final VectorSpecies<Long> L = F.withLanes(long.class).check(long.class);
  private static final int LANES = D.length();

  /** Vectors of 512 bits are multiplied by one instruction; narrower ones are not everywhere. */
  private static final boolean LONG_PRODUCTS = F.vectorBitSize() == 512;

  private static final LongVector COUNT = (LongVector) L.broadcast(0).addIndex(1);
  private static final long LOW = 0xFFFFFFFFL;

  private static final int ROUNDS = 10;
  private static final long M0 = 0xD2511F53L;
  private static final long M1 = 0xCD9E8D57L;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;

  private static final double SQRT_HALF = 0x1.6a09e667f3bcdp-1;
  private static final double LN2_HIGH = 0x1.62e42feep-1;
  private static final double LN2_LOW = 0x1.a39ef35793c76p-33;
  private static final double STEP = 0x1.921fb54442d18p-30;

  /** The bits of 2^52; with an integer below 2^52 in its last bits, those of their sum. */
  private static final long TWO_POW_52 = 0x4330000000000000L;

  private static final Primer PRIMER = new Primer(RandomBatch::primed);
  private static final RandomBatch SCRATCH = new RandomBatch();

  /** Four words of a block after those of the block before. */
  final int[] words = new int[WORDS];

  private final long[] columns = new long[4 * LANES];
  private final double[] radius = new double[PAIRS];
  private final double[] angle = new double[PAIRS];
  private final double[] sine = new double[PAIRS];
  private final double[] cosine = new double[PAIRS];
  private final long[] swap = new long[PAIRS];
  private final long[] cosineSign = new long[PAIRS];
  private final long[] sineSign = new long[PAIRS];

  private static void primed(int turns) {
    SCRATCH.lengths(turns / 2 * LANES);
    SCRATCH.waves(turns / 2 * LANES);
    SCRATCH.turn(turns / 2 * LANES, 0, 1);
    if (LONG_PRODUCTS) {
      SCRATCH.eight(0, 0, 0, 0);
    }
  }

  /** Takes the words of the blocks from {@code counter} on. */
  void draw(long seed, long stream, long counter) {
    if (!LONG_PRODUCTS) {
      Philox.blocks(seed, stream, counter, BLOCKS, words, 0);
      return;
    }
    PRIMER.before(4 * BLOCKS / LANES);
    for (int i = 0; i < BLOCKS; i += LANES) {
      eight(seed, stream, counter + i, 4 * i);
    }
  }

  /** As {@link Philox#block}, a block in each lane, words in the lower halves of lanes. */
  private void eight(long seed, long stream, long counter, int to) {
    LongVector number = COUNT.add(counter);
    LongVector c0 = number.and(LOW);
    LongVector c1 = number.lanewise(VectorOperators.LSHR, 32);
    LongVector c2 = LongVector.broadcast(L, stream & LOW);
    LongVector c3 = LongVector.broadcast(L, stream >>> 32);
    int k0 = (int) seed;
    int k1 = (int) (seed >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      LongVector p0 = c0.mul(M0);
      LongVector p1 = c2.mul(M1);
      c0 = p1.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, c1);
      c0 = c0.lanewise(VectorOperators.XOR, k0 & LOW);
      c1 = p1.and(LOW);
      c2 = p0.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, c3);
      c2 = c2.lanewise(VectorOperators.XOR, k1 & LOW);
      c3 = p0.and(LOW);
      k0 += W0;
      k1 += W1;
    }
    c0.intoArray(columns, 0);
    c1.intoArray(columns, LANES);
    c2.intoArray(columns, 2 * LANES);
    c3.intoArray(columns, 3 * LANES);
    for (int i = 0; i < LANES; i++) {
      words[to + 4 * i] = (int) columns[i];
      words[to + 4 * i + 1] = (int) columns[LANES + i];
      words[to + 4 * i + 2] = (int) columns[2 * LANES + i];
      words[to + 4 * i + 3] = (int) columns[3 * LANES + i];
    }
  }

  /** Writes {@code a + b z} for the normal number z of each word. */
  void normal(double a, double b, float[] y, int yo) {
    PRIMER.before(PAIRS / LANES);
    for (int p = 0; p < PAIRS; p++) {
      radius[p] = ((words[2 * p] & LOW) + 1) * 0x1p-32;
      int turn = words[2 * p + 1];
      int quarter = (turn + 0x20000000) >>> 30;
      angle[p] = (turn - (quarter << 30)) * STEP;
      swap[p] = -(quarter & 1);
      cosineSign[p] = (long) (quarter + 1 & 2) << 62;
      sineSign[p] = (long) (quarter & 2) << 62;
    }
    lengths(PAIRS);
    waves(PAIRS);
    turn(PAIRS, a, b);
    for (int p = 0; p < PAIRS; p++) {
      y[yo + 2 * p] = (float) cosine[p];
      y[yo + 2 * p + 1] = (float) sine[p];
    }
  }

  /** From u in {@code radius}: {@code sqrt(-2 log u)}, the logarithm as in {@code Draws.log}. */
  private void lengths(int n) {
    for (int i = 0; i < n; i += LANES) {
      LongVector bits = DoubleVector.fromArray(D, radius, i).reinterpretAsLongs();
      DoubleVector e =
          bits.lanewise(VectorOperators.LSHR, 52)
              .lanewise(VectorOperators.OR, TWO_POW_52)
              .reinterpretAsDoubles()
              .sub(0x1p52 + 1022);
      DoubleVector m =
          bits.and(0x000FFFFFFFFFFFFFL)
              .lanewise(VectorOperators.OR, 0x3FE0000000000000L)
              .reinterpretAsDoubles();
      VectorMask<Double> low = m.compare(VectorOperators.LT, SQRT_HALF);
      m = m.blend(m.add(m), low);
      e = e.blend(e.sub(1.0), low);
      DoubleVector s = m.sub(1.0).div(m.add(1.0));
      DoubleVector z = s.mul(s);
      DoubleVector p = DoubleVector.broadcast(D, 1.0 / 23.0);
      p = p.mul(z).add(1.0 / 21.0);
      p = p.mul(z).add(1.0 / 19.0);
      p = p.mul(z).add(1.0 / 17.0);
      p = p.mul(z).add(1.0 / 15.0);
      p = p.mul(z).add(1.0 / 13.0);
      p = p.mul(z).add(1.0 / 11.0);
      p = p.mul(z).add(1.0 / 9.0);
      p = p.mul(z).add(1.0 / 7.0);
      p = p.mul(z).add(1.0 / 5.0);
      p = p.mul(z).add(1.0 / 3.0);
      p = p.mul(z);
      DoubleVector s2 = s.add(s);
      DoubleVector log = e.mul(LN2_HIGH).add(e.mul(LN2_LOW).add(s2.add(s2.mul(p))));
      log.mul(-2.0).sqrt().intoArray(radius, i);
    }
  }

  /** Sine and cosine of {@code angle}, the polynomials of {@code Draws.cosSin}. */
  private void waves(int n) {
    for (int i = 0; i < n; i += LANES) {
      DoubleVector x = DoubleVector.fromArray(D, angle, i);
      DoubleVector z = x.mul(x);
      DoubleVector s = DoubleVector.broadcast(D, 1.0 / 355687428096000.0);
      s = s.mul(z).sub(1.0 / 1307674368000.0);
      s = s.mul(z).add(1.0 / 6227020800.0);
      s = s.mul(z).sub(1.0 / 39916800.0);
      s = s.mul(z).add(1.0 / 362880.0);
      s = s.mul(z).sub(1.0 / 5040.0);
      s = s.mul(z).add(1.0 / 120.0);
      s = s.mul(z).sub(1.0 / 6.0);
      x.add(x.mul(s.mul(z))).intoArray(sine, i);
      DoubleVector c = DoubleVector.broadcast(D, -1.0 / 6402373705728000.0);
      c = c.mul(z).add(1.0 / 20922789888000.0);
      c = c.mul(z).sub(1.0 / 87178291200.0);
      c = c.mul(z).add(1.0 / 479001600.0);
      c = c.mul(z).sub(1.0 / 3628800.0);
      c = c.mul(z).add(1.0 / 40320.0);
      c = c.mul(z).sub(1.0 / 720.0);
      c = c.mul(z).add(1.0 / 24.0);
      c = c.mul(z).sub(0.5);
      c.mul(z).add(1.0).intoArray(cosine, i);
    }
  }

  /** Brings sines and cosines to their quarters of the turn, to their lengths and to the result. */
  private void turn(int n, double a, double b) {
    for (int i = 0; i < n; i += LANES) {
      LongVector s = DoubleVector.fromArray(D, sine, i).reinterpretAsLongs();
      LongVector c = DoubleVector.fromArray(D, cosine, i).reinterpretAsLongs();
      LongVector both = s.lanewise(VectorOperators.XOR, c).and(LongVector.fromArray(L, swap, i));
      s = s.lanewise(VectorOperators.XOR, both);
      c = c.lanewise(VectorOperators.XOR, both);
      s = s.lanewise(VectorOperators.XOR, LongVector.fromArray(L, sineSign, i));
      c = c.lanewise(VectorOperators.XOR, LongVector.fromArray(L, cosineSign, i));
      DoubleVector r = DoubleVector.fromArray(D, radius, i);
      s.reinterpretAsDoubles().mul(r).mul(b).add(a).intoArray(sine, i);
      c.reinterpretAsDoubles().mul(r).mul(b).add(a).intoArray(cosine, i);
    }
  }
}
