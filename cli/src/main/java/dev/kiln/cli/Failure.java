package dev.kiln.cli;

import dev.kiln.KilnException;
import java.util.function.Supplier;

/** An error whose message is for the user and which decides the exit code. */
public final class Failure extends KilnException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  public Failure(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  private Failure(int exitCode, KilnException cause) {
    super(cause.getMessage(), cause);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }

  /** Runs a part of a command; an error that Kiln raises in it gets the part's exit code. */
  public static <T> T as(int exitCode, Supplier<T> part) {
    try {
      return part.get();
    } catch (Failure e) {
      throw e;
    } catch (KilnException e) {
      throw new Failure(exitCode, e);
    }
  }
}
