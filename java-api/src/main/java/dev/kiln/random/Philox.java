package dev.kiln.random;

/**
 * The counter-based generator Philox4x32-10: a block of four random 32-bit words for each key and
 * counter, with no state between blocks.
 *
 * <p>J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: Parallel random numbers: as easy as 1, 2,
 * 3. SC'11.
 */
public final class Philox {
  private static final long M0 = 0xD2511F53L;
  private static final long M1 = 0xCD9E8D57L;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;
  private static final int ROUNDS = 10;
  private static final long LOW = 0xFFFFFFFFL;

  private Philox() {}

  /**
   * Computes one block of Kiln's streams: the key is the seed (low word, high word), the counter
   * words are counter low, counter high, stream low, stream high.
   *
   * @param seed chooses the sequence of streams
   * @param stream chooses one of the seed's independent streams
   * @param counter the number of the block in its stream
   * @param out takes the four words
   */
  public static void block(long seed, long stream, long counter, int[] out) {
    block(
        (int) counter,
        (int) (counter >>> 32),
        (int) stream,
        (int) (stream >>> 32),
        (int) seed,
        (int) (seed >>> 32),
        out);
  }

  /**
   * Computes blocks of one of Kiln's streams, one after another.
   *
   * @param seed chooses the sequence of streams
   * @param stream chooses one of the seed's independent streams
   * @param counter the number of the first block in its stream
   * @param count how many blocks
   * @param out takes four words of each block
   * @param offset where the first word goes
   */
  public static void blocks(
      long seed, long stream, long counter, int count, int[] out, int offset) {
    int[] words = new int[4];
    for (int i = 0; i < count; i++, offset += 4) {
      block(seed, stream, counter + i, words);
      out[offset] = words[0];
      out[offset + 1] = words[1];
      out[offset + 2] = words[2];
      out[offset + 3] = words[3];
    }
  }

  /**
   * Computes one block from the generator's own words.
   *
   * @param c0 counter word 0
   * @param c1 counter word 1
   * @param c2 counter word 2
   * @param c3 counter word 3
   * @param k0 key word 0
   * @param k1 key word 1
   * @param out takes the four words
   */
  public static void block(int c0, int c1, int c2, int c3, int k0, int k1, int[] out) {
    for (int round = 0; round < ROUNDS; round++) {
      long p0 = M0 * (c0 & LOW);
      long p1 = M1 * (c2 & LOW);
      c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      c1 = (int) p1;
      c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c3 = (int) p0;
      k0 += W0;
      k1 += W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }
}
