package dev.kiln.bench.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Measures one piece of work in this process, whenever it is told to.
 *
 * <p>After warm-up it says {@value #READY}. Each line that then comes in is the seconds of a turn,
 * in which samples are taken; the end of a turn is said with {@value #READY} again. At the end of
 * the input it prints the result as a line of JSON behind {@value #MARK}.
 */
public final class Worker {
  /** What the line with the result begins with. */
  public static final String MARK = "RESULT ";

  /** The line that says that the next turn may begin. */
  public static final String READY = "READY";

  /** The environment variable with the number of threads. */
  public static final String THREADS = "KILN_THREADS";

  private Worker() {}

  /**
   * Measures.
   *
   * @param framework makes the framework
   * @param args the work, the seconds of warm-up
   */
  public static void measure(Supplier<Framework> framework, String... args) {
    JsonObject line = new JsonObject();
    line.addProperty("work", args[0]);
    try {
      Framework f = framework.get();
      line.addProperty("version", f.description());
      Runnable run = f.make(args[0]);
      Stopwatch watch = new Stopwatch(f::sync, run, Double.parseDouble(args[1]));
      takeTurns(watch);
      Timing t = watch.timing();
      line.addProperty("first_ms", t.first() * 1e3);
      JsonArray samples = new JsonArray();
      t.samples().sorted().forEach(seconds -> samples.add(seconds * 1e3));
      line.add("samples_ms", samples);
      line.addProperty("heap_bytes", t.heap());
      line.addProperty("peak_bytes", f.peakDeviceBytes());
      line.addProperty("resident_bytes", peakResident());
    } catch (Unsupported e) {
      line.addProperty("left_out", e.getMessage());
    } catch (IOException | RuntimeException | LinkageError e) {
      e.printStackTrace(System.err);
      line.addProperty("error", String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
    say(MARK + line);
    // Some frameworks leave threads behind that would keep the process.
    Runtime.getRuntime().halt(0);
  }

  private static void takeTurns(Stopwatch watch) throws IOException {
    BufferedReader turns = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    say(READY);
    for (String turn = turns.readLine(); turn != null; turn = turns.readLine()) {
      watch.settle();
      watch.take(1, Double.parseDouble(turn));
      say(READY);
    }
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
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
