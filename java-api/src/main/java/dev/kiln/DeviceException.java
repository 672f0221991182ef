package dev.kiln;

/** A device that is missing, unusable, or mixed with another in one op. */
public final class DeviceException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message op, values, rule and mend
   */
  public DeviceException(String message) {
    super(message);
  }
}
