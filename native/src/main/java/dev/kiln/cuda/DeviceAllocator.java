package dev.kiln.cuda;

import dev.kiln.OutOfMemoryException;
import dev.kiln.backend.MemoryBooks;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * Gives out device memory.
 *
 * <p>While a step is being recorded, memory comes from a pool of the recording's own, since every
 * replay will use the same addresses again; what the step frees of older memory is held until the
 * recording is closed. Not thread-safe.
 */
final class DeviceAllocator {
  private static final double MIB = 1 << 20;

  private final Driver driver;
  private final FromDriver source = new FromDriver();
  private final boolean pooled;
  private final MemoryPool general;
  private final List<Recorded> recordings = new ArrayList<>();
  private Optional<Recorded> current = Optional.empty();
  private Optional<MemoryBooks> books = Optional.empty();

  /**
   * Makes an allocator.
   *
   * @param pooled whether freed memory is kept for reuse
   */
  DeviceAllocator(Driver driver, boolean pooled) {
    this.driver = driver;
    this.pooled = pooled;
    general = pool(false);
  }

  /** Sets whom to ask before an allocation fails. */
  void consult(MemoryBooks known) {
    books = Optional.of(known);
  }

  private MemoryPool pool(boolean ofRecording) {
    return pooled ? new CachingPool(source) : new ExactPool(source, ofRecording);
  }

  /** The memory of one recording: where replays write. */
  final class Recorded implements AutoCloseable {
    private final MemoryPool pool = pool(true);
    private final List<Chunk> held = new ArrayList<>();

    /** Ends the recording; its memory stays. */
    void seal() {
      current = Optional.empty();
    }

    /** Hands the memory back; the last replay must be done. */
    @Override
    public void close() {
      recordings.remove(this);
      List<Chunk> freed = List.copyOf(held);
      held.clear();
      try {
        pool.hand(general);
      } finally {
        Closing.each(freed, DeviceAllocator.this::free);
      }
    }
  }

  /** Begins the memory of a recording; the device must be idle. */
  Recorded record() {
    general.trim();
    Recorded begun = new Recorded();
    recordings.add(begun);
    current = Optional.of(begun);
    return begun;
  }

  /** Gives out memory with undefined content. */
  Chunk alloc(long bytes) {
    if (bytes == 0) {
      return Chunk.empty();
    }
    return current.map(r -> r.pool).orElse(general).alloc(bytes);
  }

  /**
   * Takes memory that stays for good: apart from the pool, where it would keep a segment from being
   * given back.
   */
  Segment apart(long bytes) {
    return source.take(bytes, bytes);
  }

  /** The same; nothing where there is no room. */
  Optional<Segment> apartIfRoom(long bytes) {
    return source.attempt(bytes);
  }

  /**
   * Gives back what was taken apart.
   *
   * @throws CudaException if the driver does not take it; it is kept then, as unused
   */
  void giveBack(Segment segment) {
    try {
      source.giveBack(segment);
    } catch (CudaException e) {
      general.adopt(segment);
      throw e;
    }
  }

  /** Takes memory back; work already started on it still completes. */
  void free(Chunk chunk) {
    if (chunk.isEmpty()) {
      return;
    }
    MemoryPool owner = chunk.segment().pool();
    if (current.isPresent() && owner != current.get().pool) {
      current.get().held.add(chunk);
    } else {
      owner.free(chunk);
    }
  }

  /** Bytes that are kept for reuse or for replays. */
  long cachedBytes() {
    return general.unused() + recordings.stream().mapToLong(r -> r.pool.unused()).sum();
  }

  /** Gives what is kept for reuse back to the driver; nothing while a step is being recorded. */
  void trim() {
    if (current.isEmpty()) {
      general.trim();
    }
  }

  private final class FromDriver implements Segment.Source {
    @Override
    public Segment take(long bytes, long least) {
      return attempt(bytes)
          .or(() -> general.unused() > 0 ? trimmed(bytes) : Optional.empty())
          .or(() -> least < bytes ? attempt(least) : Optional.empty())
          .or(
              () -> {
                books.ifPresent(MemoryBooks::reclaim);
                return trimmed(least);
              })
          .orElseThrow(() -> full(least));
    }

    private Optional<Segment> trimmed(long bytes) {
      trim();
      return attempt(bytes);
    }

    /** Asks once; nothing where the device is full. */
    Optional<Segment> attempt(long bytes) {
      driver.makeCurrent();
      Driver.Address pointer = new Driver.Address();
      int status = JCudaDriver.cuMemAlloc(pointer, bytes);
      if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
        return Optional.empty();
      }
      Driver.check(status, "cuMemAlloc(" + bytes + " bytes)");
      return Optional.of(new Segment(pointer, pointer.value(), bytes));
    }

    @Override
    public void giveBack(Segment segment) {
      driver.synchronize(); // the driver does not wait for streams that do not block
      Driver.check(
          JCudaDriver.cuMemFree(segment.pointer()), "cuMemFree(" + segment.bytes() + " bytes)");
    }
  }

  private OutOfMemoryException full(long bytes) {
    long[] free = new long[1];
    long[] total = new long[1];
    Driver.check(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
    return new OutOfMemoryException(
        String.format(
            Locale.ROOT,
            "[alloc] no room for %.1f MiB; the device has %.1f of %.1f MiB free%s",
            bytes / MIB,
            free[0] / MIB,
            total[0] / MIB,
            books.map(MemoryBooks::largest).orElse("")),
        free[0]);
  }
}
