package dev.kiln.cuda.find;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Searches libraries in this order: {@code KILN_CUDA_PATH}, the system's loader, {@code CUDA_HOME}
 * and {@code CUDA_PATH}, the usual folders, NVIDIA's pip wheels, Maven's redist jars on the class
 * path. Loads nothing.
 */
public final class LibrarySearch {
  private static final List<String> IN_A_TOOLKIT =
      List.of("lib64", "lib", "targets/x86_64-linux/lib", "lib/x86_64-linux-gnu");

  private static final String WHEELS = "pip wheels";

  private final Surroundings machine;
  private final Function<String, Optional<Path>> redist;
  private final Map<Path, String> folders = new LinkedHashMap<>();
  private final Map<Path, String> fallbacks = new LinkedHashMap<>();

  /**
   * Makes a search.
   *
   * @param machine where
   * @param redist unpacks a library of the name from a jar; asked when nothing else is found
   */
  public LibrarySearch(Surroundings machine, Function<String, Optional<Path>> redist) {
    this.machine = machine;
    this.redist = redist;
    for (Path own : machine.folders("KILN_CUDA_PATH")) {
      toolkit(own, "KILN_CUDA_PATH", folders);
      PythonFolders.under(own).forEach(f -> folders.putIfAbsent(f, "KILN_CUDA_PATH"));
      Folders.matching(own, "nvidia/*/lib").forEach(f -> folders.putIfAbsent(f, "KILN_CUDA_PATH"));
    }
    for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
      machine.folders(variable).forEach(f -> toolkit(f, variable, fallbacks));
    }
    usual("/usr/local", "cuda*/lib64");
    usual("/usr/local", "cuda*/targets/x86_64-linux/lib");
    usual("/opt", "cuda*/lib64");
    for (String folder :
        List.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/wsl/lib", "/usr/local/nvidia/lib64")) {
      fallbacks.putIfAbsent(machine.path(folder), "usual folders");
    }
    usual("/usr/lib/x86_64-linux-gnu", "libcu*/*");
    PythonFolders.all(machine).forEach(f -> fallbacks.putIfAbsent(f, WHEELS));
  }

  private static void toolkit(Path toolkit, String source, Map<Path, String> to) {
    to.putIfAbsent(toolkit, source);
    IN_A_TOOLKIT.forEach(f -> to.putIfAbsent(toolkit.resolve(f), source));
  }

  private void usual(String start, String pattern) {
    Folders.matching(machine.path(start), pattern)
        .forEach(f -> fallbacks.putIfAbsent(f, "usual folders"));
  }

  /**
   * Searches a library.
   *
   * @param name its file name, as programs link to it
   * @param functions what it must offer
   * @return what was found
   */
  public Search find(String name, Set<String> functions) {
    List<Attempt> attempts = new ArrayList<>();
    Map<Path, String> files = new LinkedHashMap<>();
    folders.forEach((f, source) -> files.putIfAbsent(f.resolve(name), source));
    LoaderFolders.files(machine, name).forEach(f -> files.putIfAbsent(f, "system loader"));
    fallbacks.forEach((f, source) -> files.putIfAbsent(f.resolve(name), source));
    for (Map.Entry<Path, String> file : files.entrySet()) {
      Optional<Attempt> refused = refuse(file.getKey(), file.getValue(), functions);
      if (refused.isEmpty()) {
        return new Search(name, Optional.of(file.getKey()), file.getValue(), attempts);
      }
      attempts.add(refused.get());
    }
    machine
        .variable("KILN_CUDA_PATH")
        .filter(v -> machine.folders("KILN_CUDA_PATH").stream().noneMatch(Files::isDirectory))
        .ifPresent(
            v -> attempts.add(0, new Attempt(Path.of(v), "KILN_CUDA_PATH", "is no folder", true)));
    if (!fallbacks.containsValue(WHEELS)) {
      attempts.add(new Attempt(Path.of(name), WHEELS, "is in none", false));
    }
    Optional<Path> unpacked = Optional.empty();
    try {
      unpacked = redist.apply(name);
    } catch (RuntimeException e) {
      attempts.add(new Attempt(Path.of(name), "jars on the class path", e.getMessage(), true));
    }
    if (unpacked.isEmpty()) {
      attempts.add(new Attempt(Path.of(name), "jars on the class path", "is in none", false));
    }
    return new Search(name, unpacked, unpacked.isPresent() ? "redist jar" : "", attempts);
  }

  private Optional<Attempt> refuse(Path file, String source, Set<String> functions) {
    if (!Files.exists(file)) {
      return Optional.of(
          Files.isSymbolicLink(file)
              ? new Attempt(file, source, "is a link to nothing", true)
              : new Attempt(file, source, "is not there", false));
    }
    try {
      Elf library = Elf.read(file);
      int here = machine.glibc();
      if (here > 0 && library.glibc() > here) {
        throw new Elf.Unfit(
            "is too new: it needs glibc 2." + library.glibc() + " and this system has 2." + here);
      }
      Set<String> lacking = new TreeSet<>(functions);
      lacking.removeAll(library.exports());
      if (!lacking.isEmpty()) {
        throw new Elf.Unfit("has undefined symbols: it lacks " + String.join(", ", lacking));
      }
      return Optional.empty();
    } catch (Elf.Unfit e) {
      return Optional.of(new Attempt(file, source, e.getMessage(), true));
    }
  }
}
