package dev.kiln.data;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/**
 * The batches of one epoch, or of the rest of one.
 *
 * <p>While one batch is in use, the next ones are put together in the background. An iterator that
 * is left before its end costs nothing more: the batches under way are finished and dropped, and
 * idle threads end by themselves; {@link #close} merely stops them sooner. For one thread only.
 */
public final class BatchIterator implements Iterator<Batch>, AutoCloseable {
  private final DataLoader loader;
  private final Assembler assembler;
  private final int epoch;
  private final int end;
  private final ArrayDeque<Future<HostBatch>> window = new ArrayDeque<>();
  private Optional<Batch> given = Optional.empty();
  private int nextToStart;
  private int nextToGive;

  BatchIterator(DataLoader loader, int epoch, int first, int end) {
    this.loader = loader;
    this.assembler = loader.assembler(epoch);
    this.epoch = epoch;
    this.end = end;
    this.nextToStart = first;
    this.nextToGive = first;
    fillWindow();
  }

  private void fillWindow() {
    while (window.size() < loader.prefetch() && nextToStart < end) {
      int number = nextToStart++;
      Assembler work = assembler;
      window.add(loader.workers().submit(() -> work.assemble(number)));
    }
  }

  /**
   * Tells whether there is another batch.
   *
   * @return false at the end of the epoch and after {@link #close} or a failure
   */
  @Override
  public boolean hasNext() {
    return nextToGive < end;
  }

  /**
   * Returns the next batch, after waiting for it if need be.
   *
   * @return the batch
   * @throws DataException if an example could not be read (the message names it) or the thread was
   *     interrupted while it waited (its interrupt flag stays set); the iterator is closed then
   * @throws NoSuchElementException if there is no other batch
   */
  @Override
  public Batch next() {
    if (!hasNext()) {
      throw new NoSuchElementException("no batch is left in epoch " + epoch);
    }
    // Whoever asks for the next batch is done with this one, as a rule.
    given.ifPresent(Batch::detach);
    HostBatch host;
    try {
      host = window.isEmpty() ? assembler.assemble(nextToGive) : await(window.removeFirst());
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
    nextToGive++;
    nextToStart = Math.max(nextToStart, nextToGive);
    fillWindow();
    Batch batch = loader.batch(host);
    given = Optional.of(batch);
    return batch;
  }

  private HostBatch await(Future<HostBatch> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DataException(
          "[data loader] interrupted while waiting for batch %d of epoch %d"
              .formatted(nextToGive, epoch),
          e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      // A new exception, so that its trace shows who asked; the cause shows who failed.
      throw new DataException(e.getCause().getMessage(), e.getCause());
    } catch (CancellationException e) {
      throw new DataException(
          "[data loader] batch %d of epoch %d was given up; is the iterator used by two threads?"
              .formatted(nextToGive, epoch),
          e);
    }
  }

  /** Gives up the batches that are left; calling it twice does no harm. */
  @Override
  public void close() {
    assembler.stop();
    window.forEach(f -> f.cancel(false));
    window.clear();
    nextToGive = end;
  }
}
