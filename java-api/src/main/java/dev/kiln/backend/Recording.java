package dev.kiln.backend;

/** Work that a device has recorded and can launch again with the same addresses. */
public interface Recording extends AutoCloseable {
  /** Launches the recorded work once, without waiting for it. */
  void replay();

  /** Frees the recording. */
  @Override
  void close();
}
