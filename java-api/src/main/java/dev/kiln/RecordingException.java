package dev.kiln;

/** A step did what a recorded step cannot do: read a value, wait, or change from run to run. */
public final class RecordingException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message op, values, rule and mend
   */
  public RecordingException(String message) {
    super(message);
  }
}
