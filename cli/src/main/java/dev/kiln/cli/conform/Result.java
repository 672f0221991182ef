package dev.kiln.cli.conform;

/** What became of one case. */
public sealed interface Result {
  /** Returns the case's name; the file's where the case could not be read. */
  String name();

  /** Returns the file, relative to the folder. */
  String file();

  /** Returns the report's line. */
  String line();

  /**
   * Everything was as wanted.
   *
   * @param name the case
   * @param file its file
   * @param op its op
   */
  record Pass(String name, String file, String op) implements Result {
    @Override
    public String line() {
      return "pass " + name;
    }
  }

  /**
   * Kiln does not have the op.
   *
   * @param name the case
   * @param file its file
   * @param op the op
   */
  record Unsupported(String name, String file, String op) implements Result {
    @Override
    public String line() {
      return "unsupported op " + op + " (case " + name + ")";
    }
  }

  /**
   * An element is off.
   *
   * @param name the case
   * @param file its file
   * @param op its op
   * @param difference the first wrong element
   */
  record Wrong(String name, String file, String op, Difference difference) implements Result {
    @Override
    public String line() {
      return "FAIL " + name + ": op " + op + ", " + difference.describe();
    }
  }

  /**
   * There is no result to compare: the file is broken, or the op threw.
   *
   * @param name the case, or the file
   * @param file its file
   * @param op its op; "?" where the file does not tell
   * @param reason why, on one line
   */
  record Broken(String name, String file, String op, String reason) implements Result {
    @Override
    public String line() {
      return "FAIL " + name + ": op " + op + ", file " + file + ": " + reason;
    }
  }
}
