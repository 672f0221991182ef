package dev.kiln.cuda.find;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where NVIDIA's pip wheels put libraries: {@code nvidia/cublas/lib}, {@code nvidia/cudnn/lib} and
 * the like, and {@code nvidia/cu13/lib} since CUDA 13.
 */
final class PythonFolders {
  private static final String WHEELS = "nvidia/*/lib";

  private PythonFolders() {}

  /** The wheels of a Python's or virtual environment's own folder. */
  static List<Path> under(Path prefix) {
    List<Path> found = new ArrayList<>();
    for (String library : List.of("lib", "lib64")) {
      for (String packages : List.of("site-packages", "dist-packages")) {
        String folder = library + "/python*/" + packages + "/" + WHEELS;
        found.addAll(Folders.matching(prefix, folder));
      }
    }
    return found;
  }

  /** All there are. */
  static List<Path> all(Surroundings machine) {
    Set<Path> found = new LinkedHashSet<>();
    machine.variable("VIRTUAL_ENV").ifPresent(v -> found.addAll(under(Path.of(v))));
    machine.variable("CONDA_PREFIX").ifPresent(v -> found.addAll(under(Path.of(v))));
    python(machine).ifPresent(p -> found.addAll(under(p)));
    machine.variable("HOME").ifPresent(h -> found.addAll(under(Path.of(h, ".local"))));
    found.addAll(under(machine.path("/usr/local")));
    found.addAll(under(machine.path("/usr")));
    found.addAll(Folders.matching(machine.path("/usr/lib"), "python3/dist-packages/" + WHEELS));
    return List.copyOf(found);
  }

  /** The folder above that of the {@code python3} on PATH: of a virtual environment, its own. */
  private static Optional<Path> python(Surroundings machine) {
    return machine.folders("PATH").stream()
        .map(f -> f.resolve("python3"))
        .filter(Files::isExecutable)
        .findFirst()
        .map(p -> p.toAbsolutePath().getParent().getParent());
  }
}
