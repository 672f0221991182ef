package dev.kiln.cuda.doctor;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A made-up machine: an empty root, and a folder with such libraries as a test puts there, most of
 * them those of the simulated device. {@code kiln} runs on it in a process of its own, since a
 * process has one libcuda.
 */
final class Machine {
  private static final String NATIVE_CODE = "dev/kiln/cuda/linux-x86_64";

  private final Path folder;
  private final Path libraries;
  private final Path root;
  private final Map<String, String> variables = new TreeMap<>();
  private final List<String> options = new ArrayList<>();
  private List<String> shell = List.of();
  private String classPath = System.getProperty("java.class.path");

  Machine(Path folder) throws IOException {
    this.folder = folder;
    libraries = Files.createDirectories(folder.resolve("cuda"));
    root = Files.createDirectories(folder.resolve("root"));
    variables.put("KILN_CUDA_PATH", libraries.toString());
    variables.put("KILN_CACHE", Path.of("target/doctor-cache").toAbsolutePath().toString());
    variables.put("HOME", folder.toString());
    variables.put("PATH", folder.toString());
  }

  /** What a run of {@code kiln} came to. */
  record Screen(int code, String text) {}

  static Path simulated(String file) {
    Path path = Path.of(System.getProperty("kiln.sim", "target/sim"), file).toAbsolutePath();
    assumeTrue(Files.exists(path), () -> path + " is not built; it needs g++");
    return path;
  }

  Path root() {
    return root;
  }

  Path libraries() {
    return libraries;
  }

  /** Puts stand-ins there: as they are called, or NAME=OTHER under another name. */
  Machine with(String... files) throws IOException {
    for (String file : files) {
      String[] names = file.split("=");
      Files.createSymbolicLink(libraries.resolve(names[names.length - 1]), simulated(names[0]));
    }
    return this;
  }

  Machine variable(String name, String value) {
    variables.put(name, value);
    return this;
  }

  Machine without(String variable) {
    variables.remove(variable);
    return this;
  }

  Machine option(String option) {
    options.add(option);
    return this;
  }

  /** Lets no file grow beyond some blocks of 512 bytes: writing fails as on a full disk. */
  Machine filesOfAtMost(int blocks) {
    shell = List.of("/bin/sh", "-c", "ulimit -f " + blocks + "; exec \"$0\" \"$@\"");
    return this;
  }

  /** Takes Kiln's native code from the class path, as if it had been built without g++. */
  Machine withoutNativeCode() throws IOException {
    List<String> without = new ArrayList<>();
    for (String entry : classPath.split(File.pathSeparator)) {
      Path from = Path.of(entry);
      without.add(has(from, NATIVE_CODE) ? copyWithout(from, NATIVE_CODE).toString() : entry);
    }
    classPath = String.join(File.pathSeparator, without);
    return this;
  }

  private static boolean has(Path entry, String name) throws IOException {
    if (Files.isDirectory(entry)) {
      return Files.exists(entry.resolve(name));
    }
    if (!Files.exists(entry)) {
      return false;
    }
    try (FileSystem jar = FileSystems.newFileSystem(entry)) {
      return Files.exists(jar.getPath(name));
    }
  }

  private Path copyWithout(Path entry, String name) throws IOException {
    Path to = Files.createTempDirectory(folder, "classes");
    if (Files.isDirectory(entry)) {
      copy(entry, to, name);
    } else {
      try (FileSystem jar = FileSystems.newFileSystem(entry)) {
        copy(jar.getPath("/"), to, name);
      }
    }
    return to;
  }

  private static void copy(Path from, Path to, String without) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        String name = from.relativize(file).toString();
        if (Files.isRegularFile(file) && !name.startsWith(without)) {
          Path target = to.resolve(name);
          Files.createDirectories(target.getParent());
          Files.copy(file, target);
        }
      }
    }
  }

  Screen kiln(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.addAll(shell);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:-UsePerfData"); // a file, too
    command.add("-Dkiln.cuda.root=" + root);
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(options);
    command.addAll(List.of("-cp", absolute(classPath)));
    command.add("dev.kiln.cli.Main");
    command.addAll(Arrays.asList(arguments));
    File screen = folder.resolve("screen.txt").toFile();
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(screen);
    builder.environment().clear();
    builder.environment().putAll(variables);
    Process process = builder.start();
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new IOException("kiln does not end: " + Files.readString(screen.toPath()));
    }
    return new Screen(
        process.exitValue(), Files.readString(screen.toPath(), StandardCharsets.UTF_8));
  }

  private static String absolute(String classPath) {
    return String.join(
        File.pathSeparator,
        Arrays.stream(classPath.split(File.pathSeparator))
            .map(p -> Path.of(p).toAbsolutePath().toString())
            .toList());
  }
}
