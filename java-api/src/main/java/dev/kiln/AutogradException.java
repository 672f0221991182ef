package dev.kiln;

/** A gradient that cannot be computed: a freed graph, a second derivative, a missing root. */
public final class AutogradException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message op, values, rule and mend
   */
  public AutogradException(String message) {
    super(message);
  }
}
