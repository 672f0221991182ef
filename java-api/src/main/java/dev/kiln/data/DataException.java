package dev.kiln.data;

import dev.kiln.KilnException;

/**
 * Says that data could not be read or do not have the promised form.
 *
 * <p>The message names the file or the example, the place in it, what was expected, what was found,
 * and the mend.
 */
public final class DataException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception without a cause.
   *
   * @param message what went wrong, where, and how to mend it
   */
  public DataException(String message) {
    super(message);
  }

  /**
   * Makes an exception that keeps its cause.
   *
   * @param message what went wrong, where, and how to mend it
   * @param cause the failure underneath
   */
  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
