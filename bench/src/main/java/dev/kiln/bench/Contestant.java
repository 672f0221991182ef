package dev.kiln.bench;

import dev.kiln.bench.worker.Worker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
  private static final String KILN = "kiln";

  /** Kiln itself, on the class path of this process. */
  static Contestant kiln(String device) {
    return kiln(KILN, device, System.getProperty("java.class.path"));
  }

  /** Another build of Kiln. */
  static Contestant kiln(String name, String device, String classPath) {
    String sim = System.getProperty("kiln.sim");
    List<String> jvm = new ArrayList<>(List.of("--add-modules", "jdk.incubator.vector"));
    if (sim != null) {
      jvm.add("-Dkiln.sim=" + sim);
    }
    return new Contestant(name, device, KilnWorker.class.getName(), classPath, jvm);
  }

  /** The same under another name, with more JVM options. */
  Contestant with(String otherName, List<String> more) {
    List<String> all = new ArrayList<>(jvm);
    all.addAll(more);
    return new Contestant(otherName, device, mainClass, classPath, all);
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
    return mainClass.equals(KilnWorker.class.getName());
  }

  /** Starts a piece of work in a new process and waits until that has warmed up. */
  Participant start(String work, double warmUp, int threads) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvm);
    command.addAll(List.of("-cp", classPath, mainClass, work, Double.toString(warmUp), device));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment(threads));
    return new Participant(builder);
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
    if (underratesProcessor()) {
      all.put("OPENBLAS_CORETYPE", "SKYLAKEX");
    }
    return all;
  }

  /**
   * Whether the peer's OpenBLAS takes this processor for one without AVX-512: that of DL4J, of
   * 2021, all newer ones, that of libtorch AMD's Zen 5.
   */
  private boolean underratesProcessor() throws IOException {
    Path path = Path.of("/proc/cpuinfo");
    String info = Files.exists(path) ? Files.readString(path) : "";
    boolean zen5 = info.contains("AuthenticAMD") && info.contains("cpu family\t: 26\n");
    return info.contains("avx512f") && (name.equals("dl4j") || (name.equals("libtorch") && zen5));
  }
}
