package dev.kiln.random;

/** Seeded, unbiased permutations. */
public final class Permutation {
  private Permutation() {}

  /**
   * Returns a permutation of 0 .. n-1, every one of them equally likely; the same (n, seed, stream)
   * always gives the same one.
   *
   * <p>Fisher and Yates's shuffle (Knuth, TAOCP 2, algorithm P), from the last element down; each
   * choice takes words of the stream's Philox blocks from block 0 on and maps them to its range
   * without bias (Lemire 2019, Fast random integer generation in an interval).
   *
   * @param n how many numbers to permute, 0 or more
   * @param seed the seed
   * @param stream the stream, such as the epoch
   * @return the permutation
   */
  public static int[] of(int n, long seed, long stream) {
    int[] p = new int[n];
    for (int i = 0; i < n; i++) {
      p[i] = i;
    }
    Words words = new Words(seed, stream);
    for (int i = n - 1; i > 0; i--) {
      int j = words.below(i + 1);
      int t = p[i];
      p[i] = p[j];
      p[j] = t;
    }
    return p;
  }

  private static final class Words {
    private final long seed;
    private final long stream;
    private final int[] block = new int[4];
    private long counter;
    private int lane = 4;

    Words(long seed, long stream) {
      this.seed = seed;
      this.stream = stream;
    }

    private long next() {
      if (lane == 4) {
        Philox.block(seed, stream, counter++, block);
        lane = 0;
      }
      return Integer.toUnsignedLong(block[lane++]);
    }

    int below(int bound) {
      long product = next() * bound;
      long low = product & 0xFFFFFFFFL;
      if (low < bound) {
        long threshold = (0x100000000L - bound) % bound;
        while (low < threshold) {
          product = next() * bound;
          low = product & 0xFFFFFFFFL;
        }
      }
      return (int) (product >>> 32);
    }
  }
}
