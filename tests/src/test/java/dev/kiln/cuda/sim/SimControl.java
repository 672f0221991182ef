package dev.kiln.cuda.sim;

/**
 * What tests may ask of the simulated CUDA device: the functions of {@code cudasim_control.h}.
 *
 * <p>Functions are named like the driver's, without {@code _v2}; {@code "*"} stands for all.
 */
public final class SimControl {
  private SimControl() {}

  /** Lets the nth call from now on, and the {@code times - 1} after it, return the status. */
  public static native void fail(String function, long nth, long times, int status);

  /** Lets the nth call succeed, and its work fail on the device: the next call finds the status. */
  public static native void failLater(String function, long nth, int status);

  /** Takes back what {@link #fail} and {@link #failLater} have ordered. */
  public static native void clearFailures();

  /** Counts the calls since {@link #resetCalls}. */
  public static native long calls(String function);

  /** The names of the functions called since {@link #resetCalls}, with spaces between. */
  public static native String called();

  /** Lets {@link #calls} and {@link #called} start anew. */
  public static native void resetCalls();

  /** The text of the latest problem that the device has found; empty if there is none. */
  public static native String report();

  /** Forgets the latest problem. */
  public static native void clearReport();

  /** Forgets the errors of all contexts. */
  public static native void heal();

  /** Sets the size of the device's memory, in bytes. */
  public static native void setTotalMemory(long bytes);

  /** Bytes of device memory in use. */
  public static native long memoryUsed();

  /** Most bytes of device memory in use since {@link #resetMemoryPeak}. */
  public static native long memoryPeak();

  /** Lets {@link #memoryPeak} start at what is in use. */
  public static native void resetMemoryPeak();

  /** Counts the live allocations, pinned ones too. */
  public static native long allocations();

  /** Runs threads, blocks and independent nodes of graphs in reverse. */
  public static native void setReverse(boolean on);

  /** Does the work of streams only when something waits for it. */
  public static native void setDeferred(boolean on);

  /** Runs the blocks of large grids on so many OS threads. */
  public static native void setThreads(int threads);

  /** Prints no problems on stderr. */
  public static native void setQuiet(boolean on);
}
