package dev.kiln.nn;

import java.util.Optional;

/**
 * Knows which module is calling, in this thread, so that a child that was replaced is found out
 * where its parent calls it, and there alone: the new module may call the old one itself.
 */
final class Replacing implements AutoCloseable {
  private static final ThreadLocal<Module> CALLER = new ThreadLocal<>();
  private static final Replacing NOTHING = new Replacing(null, false);

  private final Module before;
  private final boolean entered;

  private Replacing(Module before, boolean entered) {
    this.before = before;
    this.entered = entered;
  }

  /** Notes that a module is running, until closed. */
  static Replacing enter(Module module) {
    Module before = CALLER.get();
    if (before == null && !module.hasSuccessors()) {
      return NOTHING;
    }
    CALLER.set(module);
    return new Replacing(before, true);
  }

  /** Returns what the calling module should get instead, if anything. */
  static Optional<Module> successor(Module called) {
    Module caller = CALLER.get();
    return caller == null ? Optional.empty() : caller.successorOf(called);
  }

  @Override
  public void close() {
    if (!entered) {
      return;
    }
    if (before == null) {
      CALLER.remove();
    } else {
      CALLER.set(before);
    }
  }
}
