package dev.kiln;

import dev.kiln.backend.Backend;
import dev.kiln.backend.MemoryBooks;
import dev.kiln.backend.Storage;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The books of one device's memory: what is live, how much, and who asked for it. */
final class DeviceMemory implements MemoryBooks {
  private static final boolean TRACK_SITES = Boolean.getBoolean("kiln.leaks");

  private final Backend backend;
  private final boolean consulted;
  private final Set<Block> live = ConcurrentHashMap.newKeySet();
  private final Queue<Block> collected = new ConcurrentLinkedQueue<>();
  private final Set<StepGraph> recorded =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));
  private final AtomicLong used = new AtomicLong();
  private final AtomicLong peak = new AtomicLong();
  private volatile boolean recording;

  DeviceMemory(Backend backend) {
    this.backend = backend;
    this.consulted = backend.consult(this);
  }

  Block allocate(DType dtype, Shape shape) {
    drain();
    Storage storage;
    try {
      storage = backend.alloc(dtype, shape.numel());
    } catch (OutOfMemoryException e) {
      storage = again(dtype, shape, e);
    }
    Block block =
        new Block(
            this,
            storage,
            shape,
            TRACK_SITES ? Optional.of(new Throwable("allocated here")) : Optional.empty());
    live.add(block);
    long now = used.addAndGet(storage.bytes());
    if (now > peak.get()) {
      peak.accumulateAndGet(now, Math::max);
    }
    return block;
  }

  private Storage again(DType dtype, Shape shape, OutOfMemoryException first) {
    if (consulted) {
      throw new OutOfMemoryException(batch(shape, dtype, first) + first.getMessage(), first);
    }
    reclaim();
    backend.trim();
    try {
      return backend.alloc(dtype, shape.numel());
    } catch (OutOfMemoryException e) {
      throw new OutOfMemoryException(batch(shape, dtype, e) + e.getMessage() + largest(), e);
    }
  }

  /** Notes a step whose recording can be let go when memory is short. */
  void mayForget(StepGraph step) {
    recorded.add(step);
  }

  @Override
  public void reclaim() {
    if (!recording) {
      List.copyOf(recorded).forEach(StepGraph::forget);
      recorded.clear();
    }
    for (int i = 0; i < 3; i++) {
      System.gc();
      try {
        Thread.sleep(5); // the cleaner's thread needs its turn
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      drain();
    }
  }

  /** Called by {@link Block#release}, once. */
  void freed(Block block) {
    live.remove(block);
    used.addAndGet(-block.storage().bytes());
    backend.free(block.storage());
  }

  /** Called by the cleaner's thread; the memory goes back at the next allocation. */
  void enqueue(Block block) {
    collected.add(block);
  }

  MemoryStats stats() {
    drain();
    return new MemoryStats(used.get(), backend.cachedBytes(), peak.get(), live.size());
  }

  void resetPeak() {
    peak.set(used.get());
  }

  /**
   * Says how many examples would have got this far, if the first axis counts them: what is of as
   * many rows as the tensor that did not fit grows with the batch, all else stays.
   */
  private String batch(Shape wanted, DType dtype, OutOfMemoryException e) {
    if (e.free().isEmpty() || wanted.rank() == 0 || wanted.dim(0) < 2) {
      return "";
    }
    long n = wanted.dim(0);
    long growing = wanted.numel() * dtype.bytes();
    long fixed = 0;
    for (Block b : live) {
      if (b.shape().rank() > 0 && b.shape().dim(0) == n) {
        growing += b.storage().bytes();
      } else {
        fixed += b.storage().bytes();
      }
    }
    double room = used.get() + e.free().getAsLong() - fixed;
    long fits = (long) (n * Math.max(0, room) / growing);
    return "[alloc] "
        + dtype
        + wanted
        + ": if its first axis is the batch, "
        + (fits == 0 ? "not one example" : "at most " + Math.min(fits, n - 1) + " of " + n)
        + " would have fitted; ";
  }

  /** Lists the ten largest live tensors, with their allocation stacks when they are tracked. */
  @Override
  public String largest() {
    List<Block> top =
        live.stream()
            .sorted(Comparator.comparingLong((Block b) -> -b.storage().bytes()))
            .limit(10)
            .collect(Collectors.toList());
    StringBuilder s = new StringBuilder("\nlargest live tensors of " + live.size() + ":");
    for (Block b : top) {
      s.append(
          String.format(
              Locale.ROOT, "\n  %10.1f MiB  %s", b.storage().bytes() / 1048576.0, b.what()));
      b.site().ifPresent(t -> s.append(stack(t)));
    }
    if (!TRACK_SITES) {
      s.append("\n  (-Dkiln.leaks=true shows where each was allocated)");
    }
    return s.toString();
  }

  private static String stack(Throwable site) {
    return java.util.Arrays.stream(site.getStackTrace())
        .filter(f -> !f.getClassName().startsWith("dev.kiln.DeviceMemory"))
        .limit(12)
        .map(f -> "\n      at " + f)
        .collect(Collectors.joining());
  }

  /**
   * Runs what records a step. Memory that the garbage collector finds meanwhile is freed later: the
   * recording would take it for the step's own.
   */
  <T> T recording(Supplier<T> record) {
    drain();
    recording = true;
    try {
      return record.get();
    } finally {
      recording = false;
    }
  }

  private void drain() {
    if (recording) {
      return;
    }
    for (Block b = collected.poll(); b != null; b = collected.poll()) {
      b.release("by garbage collection");
    }
  }
}
