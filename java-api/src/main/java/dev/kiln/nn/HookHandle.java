package dev.kiln.nn;

/** The registration of a hook; closing it removes the hook. */
public final class HookHandle implements AutoCloseable {
  private final Runnable remove;

  HookHandle(Runnable remove) {
    this.remove = remove;
  }

  /** Removes the hook; closing twice does nothing. */
  @Override
  public void close() {
    remove.run();
  }
}
