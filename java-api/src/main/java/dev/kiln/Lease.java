package dev.kiln;

import java.lang.ref.Cleaner;
import java.util.Optional;

/**
 * The share that all tensors on one {@link Block} hold. When no scope owns the block, its memory
 * goes back once the lease is unreachable.
 */
final class Lease {
  private static final Cleaner CLEANER = Cleaner.create();

  private final Block block;
  private Cleaner.Cleanable cleanable;
  private boolean shared;
  private Slab slab;

  Lease(Block block) {
    this.block = block;
  }

  Block block() {
    return block;
  }

  /** Notes that a second tensor was made on the block. */
  void share() {
    shared = true;
  }

  /** Tells whether more than one tensor was ever made on the block. */
  boolean isShared() {
    return shared;
  }

  /** Notes that the block is the values or the gradients of a slab. */
  void slab(Slab owner) {
    slab = owner;
  }

  /** The slab whose values or gradients the block holds, if any. */
  Optional<Slab> slab() {
    return Optional.ofNullable(slab);
  }

  /** Lets garbage collection own the block. */
  void collect(DeviceMemory memory) {
    if (cleanable == null) {
      Block b = block;
      cleanable = CLEANER.register(this, () -> memory.enqueue(b));
    }
  }
}
