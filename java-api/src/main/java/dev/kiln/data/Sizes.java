package dev.kiln.data;

import java.util.Arrays;

/** Guards against sizes that no array or heap can hold, before anything is allocated. */
final class Sizes {
  /** A little below the JVM's limit for arrays, which differs between VMs. */
  static final int MAX_ARRAY = Integer.MAX_VALUE - 16;

  private Sizes() {}

  /**
   * Returns the bytes that {@code dims} elements of {@code width} bytes take, at most MAX_ARRAY.
   */
  static int product(String where, String op, long[] dims, int width) {
    long bytes = width;
    for (long d : dims) {
      if (d < 0) {
        throw new DataException(
            "[%s] %s: negative size in %s".formatted(op, where, Arrays.toString(dims)));
      }
    }
    for (long d : dims) {
      if (d == 0) {
        return 0;
      }
    }
    for (long d : dims) {
      if (bytes > MAX_ARRAY / d) {
        throw new DataException(
            "[%s] %s: %s elements of %d bytes are more than the %,d bytes that one array holds; split"
                    .formatted(op, where, Arrays.toString(dims), width, MAX_ARRAY)
                + " the data into smaller files");
      }
      bytes *= d;
    }
    return (int) bytes;
  }

  /** Throws when {@code bytes} cannot fit this JVM's heap. */
  static void checkHeap(String where, String op, long bytes) {
    long max = Runtime.getRuntime().maxMemory();
    if (bytes > max - max / 8) {
      throw new DataException(
          "[%s] %s: needs %,d bytes of heap but the JVM may use %,d; start it with a larger -Xmx"
              .formatted(op, where, bytes, max));
    }
  }
}
