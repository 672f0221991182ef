package dev.kiln.cli;

/** What the exit codes of {@code kiln} mean. */
public final class ExitCode {
  /** Everything was done. */
  public static final int OK = 0;

  /** The work was done and a check did not pass. */
  public static final int CHECK_FAILED = 1;

  /** The command line, or the config file, is wrong. */
  public static final int USAGE = 2;

  /** Data is missing or broken. */
  public static final int DATA = 3;

  /** A model file is missing, broken or does not fit. */
  public static final int MODEL = 4;

  /** A device is not available, or failed. */
  public static final int DEVICE = 5;

  /** A bug in Kiln. */
  public static final int INTERNAL = 70;

  /** Stopped by Ctrl-C or a TERM signal. */
  public static final int INTERRUPTED = 130;

  private ExitCode() {}
}
