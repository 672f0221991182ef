package dev.kiln;

/** The device has no room for an allocation; the message lists the largest live tensors. */
public final class OutOfMemoryException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message op, values, rule and mend
   */
  public OutOfMemoryException(String message) {
    super(message);
  }
}
