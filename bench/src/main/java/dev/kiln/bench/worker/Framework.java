package dev.kiln.bench.worker;

/** Something that can do the work W1 to W6. */
public interface Framework {
  /** Returns what it is: versions, and what computes for it. */
  String description();

  /**
   * Prepares some work.
   *
   * @param work such as W1 or W6.softmax
   * @return one run of it: a training step, an inference, an operation
   * @throws Unsupported if it cannot be expressed
   */
  Runnable make(String work);

  /** Waits until all that was begun is done. */
  default void sync() {}

  /** Returns the most memory of its device that was in use, 0 if that is the process's own. */
  default long peakDeviceBytes() {
    return 0;
  }
}
