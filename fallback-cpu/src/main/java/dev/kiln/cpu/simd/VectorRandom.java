package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.I;
import static dev.kiln.cpu.simd.Lanes.LANES;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.kiln.backend.Dist;
import dev.kiln.cpu.kernels.RandomKernels;
import dev.kiln.random.Draws;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * {@link RandomKernels} on the Vector API: a batch of Philox blocks at a time, then the numbers
 * made of them.
 *
 * <p>Bits as {@link Draws} defines them: a uniform u below a is an integer below {@code a 2^24},
 * and one between 0 and 1 is exact in FLOAT32. Other intervals, which need binary64, are left to
 * it.
 */
final class VectorRandom implements RandomKernels {
  private static final ThreadLocal<RandomBatch> BATCH = ThreadLocal.withInitial(RandomBatch::new);
  private static final Primer UNIT = new Primer(VectorRandom::primedUnit);
  private static final Primer BELOW = new Primer(VectorRandom::primedBelow);
  private static final int[] ZEROS = new int[16 * LANES];

  private static void primedUnit(int turns) {
    unit(ZEROS, turns * LANES, Primer.SINK, 0);
  }

  private static void primedBelow(int turns) {
    below(ZEROS, turns * LANES, 0, 0f, Primer.SINK, 0);
  }

  @Override
  public void fill(
      Dist dist,
      double a,
      double b,
      long seed,
      long stream,
      long counter,
      float[] y,
      int yo,
      int n) {
    boolean here =
        switch (dist) {
          case UNIFORM -> a == 0 && b == 1;
          case NORMAL -> LANES >= 8; // two doubles at a time are slower than one
          case BERNOULLI -> true;
        };
    int whole = here ? n / RandomBatch.WORDS * RandomBatch.WORDS : 0;
    RandomBatch batch = BATCH.get();
    for (int i = 0; i < whole; i += RandomBatch.WORDS) {
      batch.draw(seed, stream, counter + i / 4);
      switch (dist) {
        case UNIFORM -> {
          UNIT.before(RandomBatch.WORDS / LANES);
          unit(batch.words, RandomBatch.WORDS, y, yo + i);
        }
        case BERNOULLI -> {
          BELOW.before(RandomBatch.WORDS / LANES);
          int limit = (int) Math.max(0, Math.ceil(a * 0x1p24));
          below(batch.words, RandomBatch.WORDS, limit, (float) b, y, yo + i);
        }
        case NORMAL -> batch.normal(a, b, y, yo + i);
      }
    }
    Draws.fill(dist, a, b, seed, stream, counter + whole / 4, y, yo + whole, n - whole);
  }

  private static void unit(int[] words, int n, float[] y, int yo) {
    for (int i = 0; i < n; i += LANES) {
      ((FloatVector) IntVector.fromArray(I, words, i).lanewise(LSHR, 8).convert(I2F, 0))
          .mul(0x1p-24f)
          .intoArray(y, yo + i);
    }
  }

  private static void below(int[] words, int n, int limit, float value, float[] y, int yo) {
    int bits = Float.floatToRawIntBits(value);
    for (int i = 0; i < n; i += LANES) {
      IntVector v = IntVector.fromArray(I, words, i).lanewise(LSHR, 8);
      v.sub(limit).lanewise(ASHR, 31).and(bits).reinterpretAsFloats().intoArray(y, yo + i);
    }
  }
}
