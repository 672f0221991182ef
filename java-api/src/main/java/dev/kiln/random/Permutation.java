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
}
