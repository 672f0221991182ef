package dev.kiln.io;

import dev.kiln.KilnException;

/** A model file that cannot be read or written; the message names the file, the cause, the mend. */
public final class ModelFileException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message file, cause and mend
   */
  public ModelFileException(String message) {
    super(message);
  }

  /**
   * Makes an error with a finished message and what led to it.
   *
   * @param message file, cause and mend
   * @param cause the underlying failure
   */
  public ModelFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
