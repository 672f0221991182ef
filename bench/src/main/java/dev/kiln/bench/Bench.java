package dev.kiln.bench;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.kiln.Device;
import dev.kiln.DeviceException;
import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Precision;
import dev.kiln.Scope;
import dev.kiln.StepGraph;
import dev.kiln.bench.worker.Timing;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Times the work W1 to W6 on one device.
 *
 * <pre>{@code
 * Bench [--device best] [--seconds 4] [--precision float32,tf32,bf16] [--mode eager,recorded]
 *     [--json FILE] [W1 W2 ...]
 * }</pre>
 *
 * <p>{@code --seconds} is the time for each line; a name stands for all that begin with it. What
 * fails is a line that says so, and the rest goes on. Precisions other than float32, and recorded
 * steps, are left out unless asked for, and so are the comparisons of {@code ways}.
 */
public final class Bench {
  private record Options(
      String device,
      double seconds,
      List<Precision> precisions,
      List<String> modes,
      Optional<Path> json,
      List<String> works) {}

  private final Device device;
  private final Options options;
  private final boolean records;
  private final JsonArray results = new JsonArray();
  private int timed;

  private Bench(Options options) {
    this.options = options;
    device = Device.of(options.device());
    Device.setDefault(device);
    records = device.backend().records();
  }

  /**
   * Runs the benchmark.
   *
   * @param args options and the names of works; all works when none is named
   * @throws IOException if the results cannot be written
   */
  public static void main(String[] args) throws IOException {
    int code = run(args, System.err);
    if (code != 0) {
      System.exit(code);
    }
  }

  /**
   * Runs it, and says in words what stands in the way: returns 1, or 2 if it was called wrongly.
   */
  static int run(String[] args, PrintStream errors) throws IOException {
    try {
      Bench bench = new Bench(parse(args));
      bench.run();
      if (bench.timed == 0) {
        errors.println("bench: nothing could be timed");
        return 1;
      }
      return 0;
    } catch (DeviceException e) {
      errors.println("bench: " + e.getMessage());
      return 1;
    } catch (IllegalArgumentException e) {
      errors.println("bench: " + e.getMessage());
      return 2;
    }
  }

  private static Options parse(String[] args) {
    String device = "best";
    double seconds = 4;
    List<Precision> precisions = List.of(Precision.FP32);
    List<String> modes = List.of("eager");
    Optional<Path> json = Optional.empty();
    List<String> works = new ArrayList<>();
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--device" -> device = args[++i];
        case "--seconds" -> seconds = Double.parseDouble(args[++i]);
        case "--precision" -> precisions = precisions(args[++i]);
        case "--mode" -> modes = List.of(args[++i].split(","));
        case "--json" -> json = Optional.of(Path.of(args[++i]));
        default -> works.add(args[i]);
      }
    }
    return new Options(device, seconds, precisions, modes, json, works);
  }

  private static List<Precision> precisions(String names) {
    return Arrays.stream(names.split(","))
        .map(
            n ->
                n.equals("float32")
                    ? Precision.FP32
                    : Precision.valueOf(n.toUpperCase(Locale.ROOT)))
        .toList();
  }

  private static String name(Precision precision) {
    return precision == Precision.FP32 ? "float32" : precision.name().toLowerCase(Locale.ROOT);
  }

  static List<Task> all() {
    return Stream.concat(
            Stream.of(
                MlpTraining.task(),
                LeNetTraining.task(),
                ResNetTraining.task(),
                TransformerTraining.task(),
                ResNetInference.task(1),
                ResNetInference.task(32)),
            SingleOps.tasks().stream())
        .toList();
  }

  private void run() throws IOException {
    System.out.printf(
        "%s: %s, Java %s%n",
        device, device.backend().description(), System.getProperty("java.version"));
    List<Task> tasks =
        options.works().isEmpty()
            ? all()
            : Stream.concat(all().stream(), Ways.tasks().stream())
                .filter(t -> options.works().stream().anyMatch(w -> t.name().startsWith(w)))
                .toList();
    if (tasks.isEmpty()) {
      throw new IllegalArgumentException(
          "no work is called "
              + options.works()
              + "; there are "
              + all().stream().map(Task::name).toList());
    }
    for (Task task : tasks) {
      for (Precision precision : options.precisions()) {
        boolean products = task.flops() > 0;
        for (String mode :
            products || precision == Precision.FP32 ? options.modes() : List.<String>of()) {
          line(task, precision, mode);
        }
      }
    }
  }

  private void line(Task task, Precision precision, String mode) throws IOException {
    JsonObject line = new JsonObject();
    line.addProperty("work", task.name());
    line.addProperty("precision", name(precision));
    line.addProperty("mode", mode);
    boolean recorded = mode.equals("recorded");
    if (recorded && !records) {
      line.addProperty("error", "this device does not record steps");
    } else {
      try {
        time(task, precision, recorded, line);
        timed++;
      } catch (KilnException | IllegalStateException | LinkageError e) {
        line.addProperty("error", String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
      }
    }
    results.add(line);
    System.out.println(text(line));
    write(); // each time, so that a run that is cut short leaves what it has
  }

  private void time(Task task, Precision precision, boolean recorded, JsonObject line) {
    Generator.manualSeed(1);
    device.resetPeakMemory();
    try (Scope all = Scope.open("bench")) {
      Runnable run = task.make().apply(new Setting(device, precision));
      Timing t;
      if (recorded) {
        try (StepGraph graph = StepGraph.of(device, run)) {
          t = Timing.of(device::sync, graph::run, options.seconds() / 2, options.seconds());
        }
      } else {
        t = Timing.of(device::sync, run, options.seconds() / 2, options.seconds());
      }
      double median = t.samples().median();
      line.addProperty("median_ms", median * 1e3);
      line.addProperty("best_ms", t.samples().best() * 1e3);
      line.addProperty("spread", t.samples().spread());
      line.addProperty("first_ms", t.first() * 1e3);
      line.addProperty("samples", t.samples().sorted().size());
      line.addProperty("heap_bytes", t.heap());
      line.addProperty("peak_bytes", device.memory().peak());
      if (task.flops() > 0) {
        line.addProperty("gflops", task.flops() / median / 1e9);
      } else {
        line.addProperty("gbytes_per_s", task.bytes() / median / 1e9);
      }
    }
  }

  private static String text(JsonObject line) {
    String head =
        String.format(
            Locale.ROOT,
            "%-18s %-8s %-9s",
            line.get("work").getAsString(),
            line.get("precision").getAsString(),
            line.get("mode").getAsString());
    if (line.has("error")) {
      return head + " " + line.get("error").getAsString();
    }
    boolean flops = line.has("gflops");
    return String.format(
        Locale.ROOT,
        "%s median %9.4f ms  best %9.4f  spread %4.1f %%  first %8.1f  %9.1f %s  peak %d MiB",
        head,
        line.get("median_ms").getAsDouble(),
        line.get("best_ms").getAsDouble(),
        100 * line.get("spread").getAsDouble(),
        line.get("first_ms").getAsDouble(),
        line.get(flops ? "gflops" : "gbytes_per_s").getAsDouble(),
        flops ? "GFLOP/s" : "GB/s",
        line.get("peak_bytes").getAsLong() >> 20);
  }

  private void write() throws IOException {
    if (options.json().isEmpty()) {
      return;
    }
    JsonObject all = new JsonObject();
    all.addProperty("framework", "kiln");
    all.addProperty("device", device.backend().description());
    all.addProperty("java", System.getProperty("java.version"));
    all.add("results", results);
    Files.writeString(
        options.json().get(),
        new GsonBuilder()
            .setPrettyPrinting()
            .serializeSpecialFloatingPointValues()
            .create()
            .toJson(all));
  }
}
