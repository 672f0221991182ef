package dev.kiln.random;

/** Seeded, unbiased draws with replacement. Efron 1979. */
public final class Bootstrap {
  private Bootstrap() {}

  /**
   * Draws numbers of 0 .. n-1, each of them equally likely each time; the same (n, draws, seed,
   * stream) always gives the same ones, and more draws begin with fewer.
   *
   * @param n how many numbers there are, 1 or more unless nothing is drawn
   * @param draws how many to draw, 0 or more
   * @param seed the seed
   * @param stream the stream, such as the number of the sample
   * @return the numbers in the order of drawing
   */
  public static int[] of(int n, int draws, long seed, long stream) {
    int[] drawn = new int[draws];
    Words words = new Words(seed, stream);
    for (int i = 0; i < draws; i++) {
      drawn[i] = words.below(n);
    }
    return drawn;
  }
}
