package dev.kiln.bench.worker;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Measures one piece of work in this process and prints the result as a line of JSON behind {@value
 * #MARK}.
 */
public final class Worker {
  /** What the line with the result begins with. */
  public static final String MARK = "RESULT ";

  /** The environment variable with the number of threads. */
  public static final String THREADS = "KILN_THREADS";

  private Worker() {}

  /**
   * Measures.
   *
   * @param framework makes the framework
   * @param args the work, the seconds of warm-up, the seconds of samples
   */
  public static void measure(Supplier<Framework> framework, String... args) {
    JsonObject line = new JsonObject();
    line.addProperty("work", args[0]);
    try {
      Framework f = framework.get();
      line.addProperty("version", f.description());
      Runnable run = f.make(args[0]);
      Timing t = Timing.of(f::sync, run, Double.parseDouble(args[1]), Double.parseDouble(args[2]));
      line.addProperty("first_ms", t.first() * 1e3);
      JsonArray samples = new JsonArray();
      t.samples().sorted().forEach(seconds -> samples.add(seconds * 1e3));
      line.add("samples_ms", samples);
      line.addProperty("heap_bytes", t.heap());
      line.addProperty("peak_bytes", f.peakDeviceBytes());
      line.addProperty("resident_bytes", peakResident());
    } catch (Unsupported e) {
      line.addProperty("left_out", e.getMessage());
    } catch (RuntimeException | LinkageError e) {
      e.printStackTrace(System.err);
      line.addProperty("error", String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
    System.out.println(MARK + line);
    System.out.flush();
    // Some frameworks leave threads behind that would keep the process.
    Runtime.getRuntime().halt(0);
  }

  /** Returns how many threads the work may take, as {@value #THREADS} in the environment says. */
  public static int threads() {
    return Integer.parseInt(System.getenv().getOrDefault(THREADS, "2"));
  }

  /** The most memory that this process has had in use, by Linux; 0 elsewhere. */
  private static long peakResident() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(l -> l.startsWith("VmHWM:"))
          .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
