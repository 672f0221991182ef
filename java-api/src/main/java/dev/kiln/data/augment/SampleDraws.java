package dev.kiln.data.augment;

import dev.kiln.random.Draws;
import dev.kiln.random.Philox;

/**
 * The random numbers of one transform for one sample in one epoch: Philox blocks of the stream that
 * epoch and sample name, from a block of the transform's own on. So they depend on nothing else,
 * and a transform that draws more does not shift another's numbers.
 */
final class SampleDraws {
  /** Blocks that a transform has before the next one's begin. */
  private static final int BLOCKS = 20;

  private final long seed;
  private final long stream;
  private final int[] words = new int[4];
  private final double[] pair = new double[2];
  private long counter;
  private int lane = 4;

  SampleDraws(long seed, int epoch, int sample, int place) {
    this.seed = seed;
    this.stream = stream(epoch, sample);
    this.counter = (long) place << BLOCKS;
  }

  /** The stream of a sample in an epoch; shuffles and weights use streams above 0. */
  static long stream(int epoch, int sample) {
    return Long.MIN_VALUE | (long) epoch << 32 | sample;
  }

  private int word() {
    if (lane == 4) {
      Philox.block(seed, stream, counter++, words);
      lane = 0;
    }
    return words[lane++];
  }

  /** Uniform in [0, 1), with 53 bits. */
  double uniform() {
    return ((word() >>> 5) * 0x1p26 + (word() >>> 6)) * 0x1p-53;
  }

  double uniform(double low, double high) {
    return low + uniform() * (high - low);
  }

  /** One of 0 .. n - 1. */
  int below(int n) {
    return (int) (uniform() * n);
  }

  boolean chance(double p) {
    return uniform() < p;
  }

  double normal() {
    double u = (Integer.toUnsignedLong(word()) + 1) * 0x1p-32;
    Draws.cosSin(word(), pair, 0);
    return Math.sqrt(-2 * Draws.log(u)) * pair[0];
  }

  /** Beta(a, a), as the share of two gamma variates. */
  double beta(double a) {
    double x = gamma(a);
    double y = gamma(a);
    return x + y > 0 ? x / (x + y) : chance(0.5) ? 1 : 0;
  }

  /** Marsaglia and Tsang: A simple method for generating gamma variables. 2000. */
  private double gamma(double a) {
    if (a < 1) {
      return gamma(a + 1) * Math.pow(1 - uniform(), 1 / a);
    }
    double d = a - 1.0 / 3;
    double c = 1 / Math.sqrt(9 * d);
    for (; ; ) {
      double z = normal();
      double v = 1 + c * z;
      v = v * v * v;
      double u = 1 - uniform();
      if (v > 0 && Math.log(u) < z * z / 2 + d - d * v + d * Math.log(v)) {
        return d * v;
      }
    }
  }
}
