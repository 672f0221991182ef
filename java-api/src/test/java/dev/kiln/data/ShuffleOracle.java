package dev.kiln.data;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The order of an epoch, worked out from the definitions alone, in slow unbounded arithmetic:
 * Philox4x32-10 (Salmon et al. 2011) with the seed as key and counter words (block, block, epoch,
 * "SHUF"), and Fisher-Yates from the end with Lemire's unbiased choice. Checked against the known
 * answer of Philox for an all-zero key and counter.
 */
final class ShuffleOracle {
  private static final BigInteger WORD = BigInteger.ONE.shiftLeft(32);

  private final long[] key;
  private final long epoch;
  private long block;
  private final List<Long> words = new ArrayList<>();

  private ShuffleOracle(long seed, int epoch) {
    this.key = new long[] {seed & 0xFFFFFFFFL, seed >>> 32};
    this.epoch = epoch;
  }

  static List<Integer> order(int n, long seed, int epoch) {
    long[] zero = philox(new long[4], new long[2]);
    if (zero[0] != 0x6627e8d5L
        || zero[1] != 0xe169c58dL
        || zero[2] != 0xbc57ac4cL
        || zero[3] != 0x9b00dbd8L) {
      throw new AssertionError("the oracle's Philox is wrong");
    }
    ShuffleOracle words = new ShuffleOracle(seed, epoch);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      order.add(i);
    }
    for (int i = n - 1; i > 0; i--) {
      Collections.swap(order, i, words.below(i + 1));
    }
    return order;
  }

  private int below(int n) {
    BigInteger bound = BigInteger.valueOf(n);
    BigInteger rejected = WORD.mod(bound);
    while (true) {
      BigInteger[] parts = BigInteger.valueOf(word()).multiply(bound).divideAndRemainder(WORD);
      if (parts[1].compareTo(rejected) >= 0) {
        return parts[0].intValueExact();
      }
    }
  }

  private long word() {
    if (words.isEmpty()) {
      long tag = ('S' << 24) | ('H' << 16) | ('U' << 8) | 'F';
      for (long w : philox(new long[] {block & 0xFFFFFFFFL, block >>> 32, epoch, tag}, key)) {
        words.add(w);
      }
      block++;
    }
    return words.remove(0);
  }

  private static long[] philox(long[] counter, long[] key) {
    long[] c = counter.clone();
    long[] k = key.clone();
    for (int round = 0; round < 10; round++) {
      BigInteger[] a = product(0xD2511F53L, c[0]);
      BigInteger[] b = product(0xCD9E8D57L, c[2]);
      c =
          new long[] {
            b[0].longValue() ^ c[1] ^ k[0],
            b[1].longValue(),
            a[0].longValue() ^ c[3] ^ k[1],
            a[1].longValue()
          };
      k[0] = (k[0] + 0x9E3779B9L) % 0x100000000L;
      k[1] = (k[1] + 0xBB67AE85L) % 0x100000000L;
    }
    return c;
  }

  private static BigInteger[] product(long a, long b) {
    return BigInteger.valueOf(a).multiply(BigInteger.valueOf(b)).divideAndRemainder(WORD);
  }
}
