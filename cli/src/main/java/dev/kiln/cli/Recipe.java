package dev.kiln.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Options of {@code kiln train} that are known to lead somewhere: a config file that comes with the
 * program. Its first comment says what it is; comments that begin with a word and a colon say what
 * it aims at, what it reached and what it needs.
 *
 * @param name how the command line calls it
 * @param lines the config file
 */
record Recipe(String name, List<String> lines) {
  /** All recipes, the quickest first. */
  static final List<String> NAMES = List.of("lenet", "resnet18", "wrn28-10");

  /** Finds a recipe by its name. */
  static Optional<Recipe> of(String name) {
    return NAMES.contains(name) ? Optional.of(read(name)) : Optional.empty();
  }

  private static Recipe read(String name) {
    try (InputStream in = Recipe.class.getResourceAsStream("recipes/" + name + ".conf")) {
      if (in == null) {
        throw new IllegalStateException("recipe " + name + " is missing in this build");
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return new Recipe(name, text.lines().toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns what the recipe is, in one line. */
  String title() {
    return lines.get(0).substring(1).strip();
  }

  /** Returns the accuracy on the test data that it should reach. */
  String target() {
    return comment("target");
  }

  /** Returns what it reached where, or that it was not run. */
  String reached() {
    return comment("reached");
  }

  /** Returns the machine that it is for. */
  String needs() {
    return comment("needs");
  }

  private String comment(String key) {
    String start = "# " + key + ": ";
    return lines.stream()
        .filter(line -> line.startsWith(start))
        .map(line -> line.substring(start.length()).strip())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("recipe " + name + " does not say " + key));
  }
}
