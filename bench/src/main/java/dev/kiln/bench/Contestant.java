package dev.kiln.bench;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.kiln.bench.worker.Worker;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A framework on a device, run in processes of its own.
 *
 * @param name such as kiln or libtorch
 * @param device such as cpu
 * @param mainClass what does a piece of work
 * @param classPath its jars
 * @param jvm its JVM options
 */
record Contestant(
    String name, String device, String mainClass, String classPath, List<String> jvm) {
  private static final long MINUTES = 5;

  /** Kiln itself, on the class path of this process. */
  static Contestant kiln(String device) {
    String sim = System.getProperty("kiln.sim");
    List<String> jvm = new ArrayList<>(List.of("--add-modules", "jdk.incubator.vector"));
    if (sim != null) {
      jvm.add("-Dkiln.sim=" + sim);
    }
    return new Contestant(
        "kiln", device, KilnWorker.class.getName(), System.getProperty("java.class.path"), jvm);
  }

  static Contestant peer(String name, String classPath) {
    return new Contestant(
        name,
        "cpu",
        "dev.kiln.bench.peers." + Character.toUpperCase(name.charAt(0)) + name.substring(1),
        classPath,
        List.of());
  }

  boolean isKiln() {
    return name.equals("kiln");
  }

  /** Does a piece of work in a new process and returns what it says; an error is a result too. */
  JsonObject measure(String work, double warmUp, double seconds, int threads) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvm);
    command.addAll(List.of("-cp", classPath, mainClass, work));
    command.addAll(List.of(Double.toString(warmUp), Double.toString(seconds), device));
    Path log = Files.createTempFile("kiln-bench", ".log");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(log.toFile());
    builder.environment().putAll(environment(threads));
    Process process = builder.start();
    try {
      boolean done = process.waitFor(MINUTES, TimeUnit.MINUTES);
      return done ? result(log, process.exitValue()) : error("took over " + MINUTES + " minutes");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      process.destroyForcibly();
      Files.deleteIfExists(log);
    }
  }

  private Map<String, String> environment(int threads) throws IOException {
    String n = Integer.toString(threads);
    Map<String, String> all =
        new HashMap<>(
            Map.of(
                Worker.THREADS,
                n,
                "OMP_NUM_THREADS",
                n,
                "MKL_NUM_THREADS",
                n,
                "OPENBLAS_NUM_THREADS",
                n,
                // Else OpenMP's threads spin between two operations and take the cores from Java's.
                "OMP_WAIT_POLICY",
                "PASSIVE",
                "TF_CPP_MIN_LOG_LEVEL",
                "2"));
    // The OpenBLAS of 2021 takes newer processors for the oldest kind that it knows.
    if (name.equals("dl4j") && avx512()) {
      all.put("OPENBLAS_CORETYPE", "SKYLAKEX");
    }
    return all;
  }

  private static boolean avx512() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    return Files.exists(info) && Files.readString(info).contains("avx512f");
  }

  private static JsonObject result(Path log, int exit) throws IOException {
    String last = "";
    try (BufferedReader lines = Files.newBufferedReader(log)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(Worker.MARK)) {
          return JsonParser.parseString(line.substring(Worker.MARK.length())).getAsJsonObject();
        }
        last = line.isBlank() ? last : line;
      }
    }
    return error("exit " + exit + ": " + last);
  }

  private static JsonObject error(String message) {
    JsonObject line = new JsonObject();
    line.addProperty("error", message);
    return line;
  }
}
