package dev.kiln.optim;

import dev.kiln.KilnException;

/**
 * A setting, parameter or saved state that an optimizer or a schedule cannot work with, or a step
 * that a device failed in the midst of.
 */
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

  /**
   * Makes an error that says what another one means for an optimizer.
   *
   * @param message op, values, rule and mend
   * @param cause what happened
   */
  public OptimizerException(String message, Throwable cause) {
    super(message, cause);
  }
}
