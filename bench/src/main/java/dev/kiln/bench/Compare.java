package dev.kiln.bench;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.kiln.Device;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Compares devices, and Kiln with its peers, on the work W1 to W6: every measurement in a process
 * of its own, one at a time, the contestants taking turns in every round, after a measurement of
 * the machine's peak.
 *
 * <pre>{@code
 * Compare [--device cpu,cuda:0] [--work W1,W6.matmul] [--rounds 3] [--warm-up 5] [--seconds 3]
 *     [--threads 2] [--json FILE] [--peer NAME=FILE_WITH_CLASS_PATH]...
 * }</pre>
 *
 * <p>A work's name stands for all that begin with it. Peers run on the CPU.
 */
public final class Compare {
  private List<String> devices = List.of();
  private List<String> works = List.of("");
  private int rounds = 3;
  private double warmUp = 5;
  private double seconds = 3;
  private int threads = 2;
  private Optional<Path> json = Optional.empty();
  private final List<Contestant> contestants = new ArrayList<>();
  private final Map<String, Score> peaks = new LinkedHashMap<>();
  private final List<Score> scores = new ArrayList<>();

  private Compare() {}

  /**
   * Runs the comparison.
   *
   * @param args the options
   * @throws IOException if a process cannot be started or the results cannot be written
   */
  public static void main(String[] args) throws IOException {
    Compare compare = new Compare();
    compare.parse(args);
    compare.run();
  }

  private void parse(String[] args) throws IOException {
    Map<String, Path> peers = new LinkedHashMap<>();
    for (int i = 0; i < args.length; i += 2) {
      if (i + 1 == args.length) {
        throw new IllegalArgumentException(args[i] + " needs a value");
      }
      String value = args[i + 1];
      switch (args[i]) {
        case "--device" -> devices = List.of(value.split(","));
        case "--work" -> works = List.of(value.split(","));
        case "--rounds" -> rounds = Math.max(1, Integer.parseInt(value));
        case "--warm-up" -> warmUp = Double.parseDouble(value);
        case "--seconds" -> seconds = Double.parseDouble(value);
        case "--threads" -> threads = Math.max(1, Integer.parseInt(value));
        case "--json" -> json = Optional.of(Path.of(value));
        case "--peer" -> {
          int at = value.indexOf('=');
          peers.put(value.substring(0, at), Path.of(value.substring(at + 1)));
        }
        default -> throw new IllegalArgumentException("unknown option " + args[i]);
      }
    }
    if (devices.isEmpty()) {
      devices =
          Device.available().stream()
              .filter(d -> List.of("cpu", "cuda").contains(d.id().type()))
              .map(Device::toString)
              .toList();
    }
    devices.forEach(d -> contestants.add(Contestant.kiln(d)));
    for (Map.Entry<String, Path> peer : peers.entrySet()) {
      contestants.add(Contestant.peer(peer.getKey(), Files.readString(peer.getValue()).strip()));
    }
  }

  private void run() throws IOException {
    List<Task> tasks =
        Bench.all().stream().filter(t -> works.stream().anyMatch(t.name()::startsWith)).toList();
    if (tasks.isEmpty()) {
      List<String> all = Bench.all().stream().map(Task::name).toList();
      throw new IllegalArgumentException("no work is called " + works + "; there are " + all);
    }
    System.out.printf(
        Locale.ROOT,
        "%s, %d rounds, warm-up %.1f s, %.1f s of samples, %d threads, load %.1f%n",
        Instant.now(),
        rounds,
        warmUp,
        seconds,
        threads,
        load());
    for (String device : devices) {
      peak(device);
    }
    for (Task task : tasks) {
      List<Score> row = contestants.stream().map(c -> new Score(c, task)).toList();
      scores.addAll(row);
      for (int round = 0; round < rounds; round++) {
        for (Score score : row) {
          // What failed for a reason of its own fails again.
          if (round == 0 || score.failure().isEmpty()) {
            System.err.printf(
                "%s round %d %s%n", task.name(), round + 1, score.contestant().name());
            score.add(score.contestant().measure(task.name(), warmUp, seconds, threads));
          }
        }
      }
      write(); // each time, so that a run that is cut short leaves what it has
    }
    System.out.print(new ComparisonTable(scores, peaks).text());
    System.out.printf(Locale.ROOT, "%s, load %.1f%n", Instant.now(), load());
  }

  private void peak(String device) throws IOException {
    Contestant kiln = Contestant.kiln(device);
    for (Task task : Peak.tasks(Device.of(device), threads)) {
      Score score = new Score(kiln, task);
      score.add(kiln.measure(task.name(), 1, 2, threads));
      peaks.put(device + " " + task.name(), score);
      score.failure().ifPresent(why -> System.out.println(task.name() + ": " + why));
    }
  }

  private static double load() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }

  private void write() throws IOException {
    if (json.isEmpty()) {
      return;
    }
    JsonObject all = new JsonObject();
    all.addProperty("time", Instant.now().toString());
    all.addProperty("java", System.getProperty("java.version"));
    all.addProperty("threads", threads);
    all.addProperty("rounds", rounds);
    all.addProperty("load", load());
    JsonObject versions = new JsonObject();
    scores.forEach(
        s ->
            versions.addProperty(
                s.contestant().name() + " " + s.contestant().device(), s.version()));
    all.add("versions", versions);
    for (List<Score> part : Arrays.asList(List.copyOf(peaks.values()), scores)) {
      JsonArray lines = new JsonArray();
      part.forEach(s -> lines.add(s.json()));
      all.add(part == scores ? "results" : "peaks", lines);
    }
    Files.writeString(
        json.get(),
        new GsonBuilder()
            .setPrettyPrinting()
            .serializeSpecialFloatingPointValues()
            .create()
            .toJson(all));
  }
}
