package dev.kiln;

/** An element type that an op cannot work with. */
public final class DTypeException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message op, values, rule and mend
   */
  public DTypeException(String message) {
    super(message);
  }
}
