package dev.kiln.parity;

import dev.kiln.KilnException;

/** Two devices were given the same operands and came to different results. */
public final class ParityException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message the op, the devices, the values and what was allowed
   */
  ParityException(String message) {
    super(message);
  }
}
