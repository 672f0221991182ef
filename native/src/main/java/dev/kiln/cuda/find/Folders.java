package dev.kiln.cuda.find;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Expands patterns of folders. */
final class Folders {
  private Folders() {}

  /**
   * Finds the folders under one that match a path with {@code *}, the last by name first, so that
   * cuda-13.0 comes before cuda-12.6.
   */
  static List<Path> matching(Path start, String pattern) {
    List<Path> folders = List.of(start);
    for (String part : pattern.split("/")) {
      List<Path> next = new ArrayList<>();
      for (Path folder : folders) {
        if (part.contains("*")) {
          next.addAll(children(folder, part));
        } else if (Files.isDirectory(folder.resolve(part))) {
          next.add(folder.resolve(part));
        }
      }
      folders = next;
    }
    return folders;
  }

  private static List<Path> children(Path folder, String pattern) {
    Pattern name = Pattern.compile(Pattern.quote(pattern).replace("*", "\\E.*\\Q"));
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(p -> name.matcher(p.getFileName().toString()).matches())
          .filter(Files::isDirectory)
          .sorted(Comparator.reverseOrder())
          .toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of(); // not there, or not for us to read
    }
  }
}
