package dev.kiln.train;

import dev.kiln.KilnException;

/**
 * Thrown when training cannot go on exactly from where it stopped, since trainer or data are not
 * those of the run that stopped.
 */
public final class ResumeException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message what differs, both values, and how to mend it
   */
  public ResumeException(String message) {
    super(message);
  }
}
