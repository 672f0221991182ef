package dev.kiln.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.List;

/** Host buffers for whole batches, used again and again; keeps a bounded number of idle ones. */
final class BufferPool {
  private final List<Field> fields;
  private final int batchSize;
  private final int capacity;
  private final ArrayDeque<ByteBuffer[]> idle = new ArrayDeque<>();

  BufferPool(List<Field> fields, int batchSize, int capacity) {
    this.fields = List.copyOf(fields);
    this.batchSize = batchSize;
    this.capacity = capacity;
    for (Field f : fields) {
      Sizes.product(
          "field " + f.name(), "data loader", new long[] {batchSize, Math.max(1, f.bytes())}, 1);
    }
  }

  ByteBuffer[] take() {
    synchronized (this) {
      if (!idle.isEmpty()) {
        return idle.pop();
      }
    }
    ByteBuffer[] buffers = new ByteBuffer[fields.size()];
    for (int f = 0; f < buffers.length; f++) {
      buffers[f] = ByteBuffer.allocateDirect(batchSize * fields.get(f).bytes());
    }
    return buffers;
  }

  synchronized void give(ByteBuffer[] buffers) {
    if (idle.size() < capacity) {
      idle.push(buffers);
    }
  }

  /** Makes a buffer ready to take a batch from its start. */
  static void clear(ByteBuffer buffer) {
    buffer.clear().order(ByteOrder.LITTLE_ENDIAN);
  }
}
