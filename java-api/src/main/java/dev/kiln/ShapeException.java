package dev.kiln;

/** Shapes, axes or sizes that an op cannot work with. */
public final class ShapeException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error with a finished message.
   *
   * @param message op, values, rule and mend
   */
  public ShapeException(String message) {
    super(message);
  }
}
