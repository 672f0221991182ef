package dev.kiln.cli.conform;

import dev.kiln.KilnException;

/** Says that a case file is not in the conformance format. */
public final class CaseFormatException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the error.
   *
   * @param message what is wrong where
   */
  public CaseFormatException(String message) {
    super(message);
  }

  CaseFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
