package dev.kiln.cli;

/** What the exit codes of {@code kiln} mean. */
final class ExitCode {
  /** Everything was done. */
  static final int OK = 0;

  /** The work was done and a check did not pass. */
  static final int CHECK_FAILED = 1;

  /** The command line, or the config file, is wrong. */
  static final int USAGE = 2;

  /** Data is missing or broken. */
  static final int DATA = 3;

  /** A model file is missing, broken or does not fit. */
  static final int MODEL = 4;

  /** A device is not available, or failed. */
  static final int DEVICE = 5;

  /** A bug in Kiln. */
  static final int INTERNAL = 70;

  /** Stopped by Ctrl-C or a TERM signal. */
  static final int INTERRUPTED = 130;

  private ExitCode() {}
}
