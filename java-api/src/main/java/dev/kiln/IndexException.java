package dev.kiln;

/** An index or class label outside the valid range. */
public final class IndexException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message op, values, rule and mend
   */
  public IndexException(String message) {
    super(message);
  }
}
