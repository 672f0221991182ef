package dev.kiln.train;

import java.io.Console;
import java.nio.charset.Charset;
import java.util.Map;

/**
 * What the place that lines are printed to can do.
 *
 * @param live whether a line can be rewritten
 * @param colour whether colours are welcome
 * @param unicode whether it shows more than ASCII
 * @param columns its width
 */
record Terminal(boolean live, boolean colour, boolean unicode, int columns) {
  private static final int USUAL = 80;

  /** Looks at this process's console and environment. */
  static Terminal detect() {
    return of(System.getenv(), isInteractive(), encoding());
  }

  static Terminal of(Map<String, String> env, boolean interactive, String encoding) {
    boolean live = interactive && !env.getOrDefault("TERM", "").equals("dumb");
    boolean colour = live && env.getOrDefault("NO_COLOR", "").isEmpty();
    return new Terminal(live, colour, encoding.startsWith("UTF"), columns(env));
  }

  Terminal withLive(boolean wanted) {
    return new Terminal(wanted, wanted && colour, unicode, columns);
  }

  Terminal withColumns(int width) {
    return new Terminal(live, colour, unicode, width);
  }

  private static int columns(Map<String, String> env) {
    try {
      int columns = Integer.parseInt(env.getOrDefault("COLUMNS", "").trim());
      return columns > 0 ? columns : USUAL;
    } catch (NumberFormatException e) {
      return USUAL;
    }
  }

  /** From JDK 22 on there is a console even without a terminal, and it knows. */
  private static boolean isInteractive() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }

  private static String encoding() {
    return System.getProperty(
        "stdout.encoding",
        System.getProperty("sun.stdout.encoding", Charset.defaultCharset().name()));
  }
}
