package dev.kiln.cuda.find;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What came of the search for a library.
 *
 * @param name its file name, such as {@code libcublas.so.12}
 * @param found the file, if one was good
 * @param source why it was looked at there; empty if nothing was found
 * @param attempts what was refused before, and where nothing was
 */
public record Search(String name, Optional<Path> found, String source, List<Attempt> attempts) {
  /** Files of that name that were refused, each with the reason; empty if there was none. */
  public String refusals() {
    return attempts.stream()
        .filter(Attempt::exists)
        .map(Attempt::toString)
        .collect(Collectors.joining("; "));
  }

  /** The sources that were gone through, each once. */
  public String sources() {
    return attempts.stream().map(Attempt::source).distinct().collect(Collectors.joining(", "));
  }

  /** Where it was found, or why not, in one line. */
  public String summary() {
    if (found.isPresent()) {
      return found.get() + " (" + source + ")";
    }
    String refused = refusals();
    return refused.isEmpty()
        ? name + " was not found (looked in: " + sources() + ")"
        : name + ": " + refused;
  }
}
