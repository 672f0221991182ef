package dev.kiln.data;

import java.nio.ByteBuffer;

/**
 * Turns one example into another when it is read.
 *
 * <p>Called from several threads at once; the same example must always give the same bytes.
 */
@FunctionalInterface
public interface ExampleTransform {
  /**
   * Reads the example from {@code in} and appends the new one to {@code out}.
   *
   * @param index which example of the data set it is
   * @param in one little-endian buffer per field of the source, from position 0 to its limit
   * @param out one little-endian buffer per new field; each must advance by its field's bytes
   */
  void apply(int index, ByteBuffer[] in, ByteBuffer[] out);
}
