package dev.kiln.bench;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.kiln.Device;
import dev.kiln.bench.worker.Operation;
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
import java.util.stream.Stream;

/**
 * Compares devices, and Kiln with its peers, on the work W1 to W6, after a measurement of the
 * machine's peak. In every round each contestant has a process of its own; when all have warmed up
 * they take short turns, one at a time, so that a slow spell of the machine meets all of them.
 *
 * <pre>{@code
 * Compare [--device cpu,cuda:0] [--work W1,W6.matmul] [--rounds 3] [--warm-up 5] [--seconds 3]
 *     [--turn 0.3] [--threads 2] [--json FILE] [--peer NAME=FILE_WITH_CLASS_PATH]...
 *     [--kiln NAME=FILE_WITH_CLASS_PATH]...
 * }</pre>
 *
 * <p>A work's name stands for all that begin with it; {@code op} for single operations of many
 * shapes, and {@link Operation} says how to write one of any shape. Peers run on the CPU. Other
 * builds of Kiln run beside it with {@code --kiln}, on the same devices.
 */
public final class Compare {
  private static final int LEAST_TURNS = 5;
  private static final long REST_MILLIS = 80;

  private List<String> devices = List.of();
  private List<String> works = List.of("");
  private int rounds = 3;
  private double warmUp = 5;
  private double seconds = 3;
  private double turn = 0.3;
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
    try {
      Compare compare = new Compare();
      compare.parse(args);
      compare.run();
    } catch (IllegalArgumentException e) {
      System.err.println("compare: " + e.getMessage());
      System.exit(2);
    }
  }

  private void parse(String[] args) throws IOException {
    Map<String, String> peers = new LinkedHashMap<>();
    Map<String, String> builds = new LinkedHashMap<>();
    Map<String, List<String>> options = new LinkedHashMap<>();
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
        case "--turn" -> turn = Double.parseDouble(value);
        case "--threads" -> threads = Math.max(1, Integer.parseInt(value));
        case "--json" -> json = Optional.of(Path.of(value));
        case "--peer" -> peers.put(name(args[i], value), classPath(value));
        case "--kiln" -> builds.put(name(args[i], value), classPath(value));
        case "--jvm" -> options.put(name(args[i], value), List.of(named(value).split(" +")));
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
    for (String device : devices) {
      contestants.add(Contestant.kiln(device));
      builds.forEach((name, path) -> contestants.add(Contestant.kiln(name, device, path)));
      options.forEach((name, jvm) -> contestants.add(Contestant.kiln(device).with(name, jvm)));
    }
    peers.forEach((name, path) -> contestants.add(Contestant.peer(name, path)));
  }

  /** What stands before the first equals sign of {@code NAME=VALUE}. */
  private static String name(String option, String value) {
    int at = value.indexOf('=');
    if (at < 1 || value.startsWith("-")) {
      throw new IllegalArgumentException(
          option + " " + value + " has no name; write " + option + " NAME=" + value);
    }
    return value.substring(0, at);
  }

  /** What stands after it. */
  private static String named(String value) {
    return value.substring(value.indexOf('=') + 1).strip();
  }

  private static String classPath(String value) throws IOException {
    return Files.readString(Path.of(named(value))).strip();
  }

  private void run() throws IOException {
    List<Task> tasks = works.stream().flatMap(Compare::tasks).distinct().toList();
    if (tasks.isEmpty()) {
      List<String> all = Bench.all().stream().map(Task::name).toList();
      throw new IllegalArgumentException("no work is called " + works + "; there are " + all);
    }
    System.out.printf(
        Locale.ROOT,
        "%s, %d rounds, warm-up %.1f s, %.1f s of samples in turns of %.1f s, %d threads, load %.1f%n",
        Instant.now(),
        rounds,
        warmUp,
        seconds,
        turn,
        threads,
        load());
    for (String device : devices) {
      peak(device);
    }
    for (Task task : tasks) {
      List<Score> row = contestants.stream().map(c -> new Score(c, task)).toList();
      scores.addAll(row);
      for (int round = 1; round <= rounds; round++) {
        System.err.printf("%s round %d%n", task.name(), round);
        // What failed for a reason of its own fails again.
        round(row.stream().filter(s -> !s.failed()).toList());
      }
      write(); // each time, so that a run that is cut short leaves what it has
    }
    System.out.print(new ComparisonTable(scores, peaks).text());
    System.out.printf(Locale.ROOT, "%s, load %.1f%n", Instant.now(), load());
  }

  private static Stream<Task> tasks(String work) {
    if (Operation.isOne(work)) {
      return Stream.of(Operations.task(work));
    }
    return work.equals("op")
        ? Operations.ALL.stream().map(Operations::task)
        : Bench.all().stream().filter(t -> t.name().startsWith(work));
  }

  private void round(List<Score> row) throws IOException {
    List<Participant> all = new ArrayList<>();
    try {
      for (Score score : row) {
        all.add(score.contestant().start(score.task().name(), warmUp, threads));
        rest();
      }
      for (int i = 0; i < Math.max(LEAST_TURNS, seconds / turn); i++) {
        for (Participant participant : all) {
          participant.turn(turn);
          rest();
        }
      }
      for (int i = 0; i < all.size(); i++) {
        row.get(i).add(all.get(i).finish());
      }
    } finally {
      all.forEach(Participant::close);
    }
  }

  /** Waits until no thread of the last turn spins any more for work that may come. */
  private static void rest() {
    try {
      Thread.sleep(REST_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void peak(String device) throws IOException {
    Contestant kiln = Contestant.kiln(device);
    for (Task task : Peak.tasks(Device.of(device), threads)) {
      Score score = new Score(kiln, task);
      try (Participant participant = kiln.start(task.name(), 1, threads)) {
        participant.turn(2);
        score.add(participant.finish());
      }
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
