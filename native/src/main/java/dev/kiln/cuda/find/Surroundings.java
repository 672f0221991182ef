package dev.kiln.cuda.find;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The machine as a search sees it; tests give it one of their own.
 *
 * @param root the folder that absolute paths of the system start from
 * @param variables the environment
 * @param os the name of the operating system, as Java tells it
 * @param architecture the processor's, as Java tells it
 */
public record Surroundings(
    Path root, Map<String, String> variables, String os, String architecture) {
  private static final String ROOT = "kiln.cuda.root";

  /**
   * This machine. The system property {@code kiln.cuda.root}, for tests, names a folder to be taken
   * for its root.
   */
  public static Surroundings ofThisMachine() {
    return new Surroundings(
        Path.of(System.getProperty(ROOT, "/")),
        System.getenv(),
        System.getProperty("os.name", ""),
        System.getProperty("os.arch", ""));
  }

  /** A path of the system, such as {@code /usr/lib}. */
  public Path path(String absolute) {
    return root.resolve(absolute.substring(1));
  }

  /** A variable of the environment that is set to something. */
  public Optional<String> variable(String name) {
    return Optional.ofNullable(variables.get(name)).filter(v -> !v.isBlank()).map(String::trim);
  }

  /** The folders in a variable like PATH. */
  public List<Path> folders(String name) {
    return variable(name).stream()
        .flatMap(v -> Arrays.stream(v.split(File.pathSeparator)))
        .filter(p -> !p.isBlank())
        .map(Path::of)
        .toList();
  }

  /** The minor version of glibc 2 that this process runs on; 0 if it is another C library. */
  public int glibc() {
    return Glibc.MINOR;
  }

  /** Whether it runs Linux on x86-64, for which Kiln's and JCuda's native code is. */
  public boolean isLinuxX8664() {
    return os.equals("Linux") && (architecture.equals("amd64") || architecture.equals("x86_64"));
  }
}
