package dev.kiln;

/** A tensor was used after its memory had been released. */
public final class ReleasedException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message op, values, rule and mend
   */
  public ReleasedException(String message) {
    super(message);
  }
}
