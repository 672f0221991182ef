package dev.kiln.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * What was opened and is to be closed, the last first, each even where another fails. What failed
 * first is thrown at the end.
 */
final class Closing implements AutoCloseable {
  private final Deque<Runnable> steps = new ArrayDeque<>();

  /** Notes how to close what was just opened. */
  void add(Runnable step) {
    steps.push(step);
  }

  /** Notes how to close a thing, and returns it. */
  <T> T add(T thing, Consumer<T> close) {
    add(() -> close.accept(thing));
    return thing;
  }

  @Override
  public void close() {
    Deque<Runnable> all = new ArrayDeque<>(steps);
    steps.clear();
    each(all, Runnable::run);
  }

  /** Closes all because the rest could not be opened: why that was is what matters. */
  void closeAfter(Throwable failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /**
   * Does something with each of several things, and with the others too where it fails for one.
   *
   * @throws RuntimeException what failed first
   */
  static <T> void each(Iterable<T> things, Consumer<T> action) {
    RuntimeException first = null;
    for (T thing : things) {
      try {
        action.accept(thing);
      } catch (RuntimeException e) {
        first = first == null ? e : first;
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
