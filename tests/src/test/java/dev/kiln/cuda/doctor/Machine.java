package dev.kiln.cuda.doctor;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A made-up machine: an empty root, and a folder with such libraries as a test puts there, most of
 * them those of the simulated device. {@code kiln} runs on it in a process of its own, since a
 * process has one libcuda.
 */
final class Machine {
  private final Path folder;
  private final Path libraries;
  private final Path root;
  private final Map<String, String> variables = new TreeMap<>();
  private final List<String> options = new ArrayList<>();

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

  Screen kiln(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Dkiln.cuda.root=" + root);
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(options);
    command.addAll(List.of("-cp", absolute(System.getProperty("java.class.path"))));
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
