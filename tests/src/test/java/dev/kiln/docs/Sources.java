package dev.kiln.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the project's own files, and the first sentences of its Javadoc. */
final class Sources {
  private static final Pattern TAG = Pattern.compile("\\{@\\w+ ([^}]*)}");

  private Sources() {}

  /** Returns the folder that holds the launcher. */
  static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null && !Files.exists(folder.resolve("kiln"))) {
      folder = folder.getParent();
    }
    if (folder == null) {
      throw new IllegalStateException("no folder above holds the kiln launcher");
    }
    return folder;
  }

  /** Returns a file's text. */
  static String text(String file) {
    try {
      return Files.readString(root().resolve(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the source of a class of the library. */
  static String source(Class<?> type) {
    return text("java-api/src/main/java/" + type.getName().replace('.', '/') + ".java");
  }

  /** Returns the first sentence of a class's Javadoc, as Markdown. */
  static String summary(Class<?> type) {
    return before(source(type), "\\bclass " + type.getSimpleName() + "\\b").orElseThrow();
  }

  /** Returns the first sentence of a public static method's Javadoc, as Markdown. */
  static Optional<String> summary(String source, String method) {
    return before(source, "public static (?:<[^>]*> )?[\\w.<>\\[\\]]+ " + method + "\\(");
  }

  /** Returns the first sentence of the Javadoc that stands right before a declaration. */
  private static Optional<String> before(String source, String declaration) {
    Matcher m =
        Pattern.compile(
                "/\\*\\*((?:(?!\\*/).)*?)\\*/\\s*(?:@\\w+(?:\\([^)]*\\))?\\s*)*"
                    + "(?:public )?(?:final )?"
                    + declaration.replaceFirst("^public ", ""),
                Pattern.DOTALL)
            .matcher(source);
    return m.find() ? Optional.of(sentence(m.group(1))) : Optional.empty();
  }

  private static String sentence(String javadoc) {
    String text = javadoc.replaceAll("\\s*\n\\s*\\*", " ").replaceAll("\\s+", " ").trim();
    text = text.split(" @(?:param|return|throws)|<p>")[0].trim();
    Matcher end =
        Pattern.compile("\\.(?= [A-Z_]|$)")
            .matcher(
                TAG.matcher(text)
                    .replaceAll(r -> Matcher.quoteReplacement("_".repeat(r.group().length()))));
    String first = end.find() ? text.substring(0, end.start()) : text;
    return TAG.matcher(first)
        .replaceAll(
            r -> Matcher.quoteReplacement("`" + r.group(1).trim().replaceFirst("^#", "") + "`"))
        .replace("&lt;", "<")
        .replace("|", "\\|");
  }
}
