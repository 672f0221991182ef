package dev.kiln.optim;

import dev.kiln.KilnException;

/** A setting, parameter or saved state that an optimizer or a schedule cannot work with. */
public final class OptimizerException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message op, values, rule and mend
   */
  public OptimizerException(String message) {
    super(message);
  }
}
