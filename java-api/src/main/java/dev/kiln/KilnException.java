package dev.kiln;

/**
 * The root of every error that Kiln raises on purpose.
 *
 * <p>Messages read {@code [op] values, rule, mend}.
 */
public class KilnException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private String where = "";

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

  /**
   * Notes the module in which the error was raised, from the innermost outwards.
   *
   * @param module the module's name within its parent
   */
  public final void raisedIn(String module) {
    where = where.isEmpty() ? module : module + "." + where;
  }

  /** Returns the message and, where it is known, the module it was raised in. */
  @Override
  public String getMessage() {
    return where.isEmpty() ? super.getMessage() : super.getMessage() + " (in " + where + ")";
  }
}
