package dev.kiln.random;

/** The words of one stream of Philox blocks, one after another. */
final class Words {
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

  /** Returns the next number of 0 .. bound-1, without bias (Lemire 2019). */
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
