package dev.kiln.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;

/** A list of longs where launchers read it during a call; it grows as needed. */
final class Numbers {
  private LongBuffer block = LongBuffer.allocate(0);
  private long address;

  /** Starts a list of so many longs. */
  Numbers begin(int count) {
    if (block.capacity() < count) {
      ByteBuffer bytes =
          ByteBuffer.allocateDirect(count * 2 * Long.BYTES).order(ByteOrder.nativeOrder());
      block = bytes.asLongBuffer();
      address = Launchers.address(bytes);
    }
    block.clear();
    return this;
  }

  Numbers add(long number) {
    block.put(number);
    return this;
  }

  /** The address of the first. */
  long address() {
    return address;
  }
}
