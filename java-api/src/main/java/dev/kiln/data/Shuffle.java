package dev.kiln.data;

import dev.kiln.random.Permutation;

/** The random orders of this package, each on a stream of its own so that none share numbers. */
final class Shuffle {
  private static final long EPOCH_STREAM = 0x5348_5546L << 32;
  private static final long SPLIT_STREAM = 0x5350_4C54L << 32;

  private Shuffle() {}

  /** Returns the order of the {@code n} examples in one epoch. */
  static int[] epoch(int n, long seed, int epoch) {
    return Permutation.of(n, seed, EPOCH_STREAM | Integer.toUnsignedLong(epoch));
  }

  /** Returns the order in which a random split deals out its examples. */
  static int[] split(int n, long seed) {
    return Permutation.of(n, seed, SPLIT_STREAM);
  }
}
