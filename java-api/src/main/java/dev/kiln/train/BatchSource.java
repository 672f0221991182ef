package dev.kiln.train;

import dev.kiln.data.Batch;
import dev.kiln.data.BatchIterator;
import dev.kiln.data.DataException;
import dev.kiln.data.DataLoader;
import java.util.ArrayList;
import java.util.List;

/** The batches of one epoch, from a place in it on. */
final class BatchSource implements AutoCloseable {
  private final BatchIterator batches;

  BatchSource(DataLoader data, int epoch, int skip) {
    batches = data.epoch(epoch).skip(skip).iterator();
  }

  /**
   * Takes the next batches.
   *
   * @param n how many; at the end of the epoch there may be fewer
   * @return the batches; none at the end of the epoch, or if the thread was interrupted while it
   *     waited, whose flag is set then
   */
  List<Batch> take(int n) {
    List<Batch> taken = new ArrayList<>();
    while (taken.size() < n && batches.hasNext()) {
      try {
        taken.add(batches.next());
      } catch (DataException e) {
        taken.forEach(Batch::close);
        if (e.getCause() instanceof InterruptedException) {
          return List.of();
        }
        throw e;
      }
    }
    return taken;
  }

  @Override
  public void close() {
    batches.close();
  }
}
