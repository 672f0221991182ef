package dev.kiln.autograd;

import java.util.function.Supplier;

/**
 * A stretch of code in which ops record no gradients, on this thread.
 *
 * <pre>{@code
 * try (NoGrad off = NoGrad.open()) {
 *   Tensor y = model.forward(x);
 * }
 * }</pre>
 */
public final class NoGrad implements AutoCloseable {
  private static final ThreadLocal<boolean[]> RECORDING =
      ThreadLocal.withInitial(() -> new boolean[] {true});

  private final boolean before;
  private boolean closed;

  private NoGrad(boolean recording) {
    boolean[] flag = RECORDING.get();
    before = flag[0];
    flag[0] = recording;
  }

  /**
   * Stops recording until closed.
   *
   * @return the guard to close
   */
  public static NoGrad open() {
    return new NoGrad(false);
  }

  /**
   * Runs an action without recording.
   *
   * @param <T> what the action returns
   * @param action what to run
   * @return its result
   */
  public static <T> T run(Supplier<T> action) {
    try (NoGrad off = open()) {
      return action.get();
    }
  }

  /**
   * Tells whether ops record gradients on this thread.
   *
   * @return false inside a stretch without gradients
   */
  public static boolean isRecording() {
    return RECORDING.get()[0];
  }

  /** Sets recording for the length of a backward pass. */
  static NoGrad set(boolean recording) {
    return new NoGrad(recording);
  }

  /** Goes back to the mode before. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      RECORDING.get()[0] = before;
    }
  }
}
