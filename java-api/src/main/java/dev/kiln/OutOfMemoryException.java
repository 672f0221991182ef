package dev.kiln;

import java.util.OptionalLong;

/**
 * The device has no room for an allocation; the message lists the largest live tensors and, where
 * it can be told, the largest batch that would have fitted.
 */
public final class OutOfMemoryException extends KilnException {
  private static final long serialVersionUID = 1L;

  private static final long UNKNOWN = -1;

  private final long free;

  /**
   * Makes an error with a finished message.
   *
   * @param message op, values, rule and mend
   */
  public OutOfMemoryException(String message) {
    this(message, UNKNOWN);
  }

  /**
   * Makes an error of a device that knows how much memory it has left.
   *
   * @param message op, values, rule and mend
   * @param free the bytes that nothing uses
   */
  public OutOfMemoryException(String message, long free) {
    super(message);
    this.free = free;
  }

  /**
   * Makes an error that says more than another one.
   *
   * @param message op, values, rule and mend
   * @param cause what was known before
   */
  public OutOfMemoryException(String message, OutOfMemoryException cause) {
    super(message, cause);
    this.free = cause.free;
  }

  /**
   * Returns how much memory the device had left.
   *
   * @return bytes, or nothing where that is not known
   */
  public OptionalLong free() {
    return free == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(free);
  }
}
