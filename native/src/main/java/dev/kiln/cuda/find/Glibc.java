package dev.kiln.cuda.find;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** The C library of this process. */
final class Glibc {
  /** The minor version of glibc 2; 0 where it is another library. */
  static final int MINOR = find();

  private Glibc() {}

  private static int find() {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      Optional<String> library =
          maps.filter(l -> l.matches(".*/libc(\\.so\\.6|-2\\.\\d+\\.so)"))
              .map(l -> l.substring(l.indexOf('/')))
              .findFirst();
      return library.isPresent() ? Elf.read(Path.of(library.get())).glibc() : 0;
    } catch (IOException | RuntimeException | Elf.Unfit e) {
      return 0; // no Linux: nothing is loaded there
    }
  }
}
