package dev.kiln;

import dev.kiln.backend.Backend;
import dev.kiln.backend.Storage;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** The books of one device's memory: what is live, how much, and who asked for it. */
final class DeviceMemory {
  private static final boolean TRACK_SITES = Boolean.getBoolean("kiln.leaks");

  private final Backend backend;
  private final Set<Block> live = ConcurrentHashMap.newKeySet();
  private final Queue<Block> collected = new ConcurrentLinkedQueue<>();
  private final AtomicLong used = new AtomicLong();
  private final AtomicLong peak = new AtomicLong();

  DeviceMemory(Backend backend) {
    this.backend = backend;
  }

  Block allocate(DType dtype, Shape shape) {
    drain();
    Storage storage;
    try {
      storage = backend.alloc(dtype, shape.numel());
    } catch (OutOfMemoryException e) {
      System.gc();
      drain();
      backend.trim();
      try {
        storage = backend.alloc(dtype, shape.numel());
      } catch (OutOfMemoryException again) {
        throw new OutOfMemoryException(again.getMessage() + largest());
      }
    }
    Block block =
        new Block(
            this,
            storage,
            dtype.toString() + shape,
            TRACK_SITES ? Optional.of(new Throwable("allocated here")) : Optional.empty());
    live.add(block);
    long now = used.addAndGet(storage.bytes());
    if (now > peak.get()) {
      peak.accumulateAndGet(now, Math::max);
    }
    return block;
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

  /** Lists the ten largest live tensors, with their allocation stacks when they are tracked. */
  String largest() {
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

  private void drain() {
    for (Block b = collected.poll(); b != null; b = collected.poll()) {
      b.release("by garbage collection");
    }
  }
}
