package dev.kiln.data;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Puts the batches of one epoch together on the host; knows nothing of who asks for them. */
final class Assembler {
  private final Dataset dataset;
  private final List<Field> fields;
  private final int epoch;
  private final int[] order;
  private final int batchSize;
  private final BufferPool pool;
  private volatile boolean stopped;

  Assembler(Dataset dataset, int epoch, int[] order, int batchSize, BufferPool pool) {
    this.dataset = dataset;
    this.fields = dataset.fields();
    this.epoch = epoch;
    this.order = order;
    this.batchSize = batchSize;
    this.pool = pool;
  }

  /**
   * Makes running calls of {@link #assemble} end soon. Threads are not interrupted: that would
   * close file channels which a data set may share between readers.
   */
  void stop() {
    stopped = true;
  }

  HostBatch assemble(int number) {
    int from = Math.multiplyExact(number, batchSize);
    int[] indices = Arrays.copyOfRange(order, from, Math.min(order.length, from + batchSize));
    ByteBuffer[] buffers = pool.take();
    for (ByteBuffer b : buffers) {
      BufferPool.clear(b);
    }
    for (int i = 0; i < indices.length; i++) {
      if (stopped) {
        throw new DataException("[data loader] the iterator was closed");
      }
      read(number, indices[i], i + 1, buffers);
    }
    for (ByteBuffer b : buffers) {
      b.flip();
    }
    return new HostBatch(epoch, number, indices, buffers);
  }

  private void read(int number, int index, int count, ByteBuffer[] buffers) {
    try {
      dataset.read(index, buffers);
    } catch (RuntimeException e) {
      String why = e instanceof DataException ? e.getMessage() : e.toString();
      throw new DataException(where(number, index) + ": " + why, e);
    }
    for (int f = 0; f < buffers.length; f++) {
      int bytes = fields.get(f).bytes();
      int wrote = buffers[f].position() - (count - 1) * bytes;
      if (wrote != bytes) {
        throw new DataException(
            "%s: the data set wrote %d bytes of field %s but one example takes %d"
                .formatted(where(number, index), wrote, fields.get(f).name(), bytes));
      }
    }
  }

  private String where(int number, int index) {
    return "[data loader] example %d (batch %d of epoch %d)".formatted(index, number, epoch);
  }
}
