package dev.kiln;

import dev.kiln.backend.Storage;
import java.util.Optional;

/** One allocation on a device and its fate. Views of a tensor share it. */
final class Block {
  private final DeviceMemory memory;
  private final Storage storage;
  private final Shape shape;
  private final Optional<Throwable> site;
  private volatile String releasedBy = "";
  private Scope owner;
  private long version;

  Block(DeviceMemory memory, Storage storage, Shape shape, Optional<Throwable> site) {
    this.memory = memory;
    this.storage = storage;
    this.shape = shape;
    this.site = site;
  }

  Storage storage() {
    return storage;
  }

  /** The tensor it was made for, such as {@code f32[64,10]}. */
  String what() {
    return storage.dtype().toString() + shape;
  }

  /** The shape of the tensor it was made for. */
  Shape shape() {
    return shape;
  }

  /** Where it was allocated, when leak tracking is on. */
  Optional<Throwable> site() {
    return site;
  }

  /** How often what lies here was changed in place. */
  long version() {
    return version;
  }

  /** Notes a change in place. */
  void changed() {
    version++;
  }

  boolean isReleased() {
    return !releasedBy.isEmpty();
  }

  /** Words that complete "was released ...". */
  String releasedBy() {
    return releasedBy;
  }

  Scope owner() {
    return owner;
  }

  void owner(Scope scope) {
    owner = scope;
  }

  /** Gives the memory back; a second call does nothing. */
  synchronized void release(String by) {
    if (releasedBy.isEmpty()) {
      releasedBy = by;
      memory.freed(this);
    }
  }
}
