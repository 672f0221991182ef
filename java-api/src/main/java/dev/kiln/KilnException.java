package dev.kiln;

/**
 * The root of every error that Kiln raises on purpose.
 *
 * <p>Messages read {@code [op] values, rule, mend}.
 */
public class KilnException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message op, values, rule and mend
   */
  public KilnException(String message) {
    super(message);
  }

  /**
   * Makes an error with a finished message and what led to it.
   *
   * @param message op, values, rule and mend
   * @param cause the underlying failure
   */
  public KilnException(String message, Throwable cause) {
    super(message, cause);
  }
}
