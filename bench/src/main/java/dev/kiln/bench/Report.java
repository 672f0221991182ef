package dev.kiln.bench;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Puts what the stages of {@code bench/gpu/run} left in a folder into one {@code result.json} and
 * one {@code result.txt}.
 */
public final class Report {
  private static final List<String> COLUMNS =
      List.of("kiln eager", "kiln recorded", "pytorch eager", "pytorch graph", "pytorch compile");

  private final Path folder;
  private final JsonObject all = new JsonObject();
  private final StringBuilder text = new StringBuilder();

  private Report(Path folder) {
    this.folder = folder;
  }

  /**
   * Writes the report.
   *
   * @param args the folder
   * @throws IOException if it cannot be written
   */
  public static void main(String[] args) throws IOException {
    Report report = new Report(Path.of(args[0]));
    report.stages();
    report.attach("doctor");
    report.attach("conform");
    report.attach("conform-wide");
    report.attach("bench");
    report.attach("peers");
    report.attach("ways");
    report.times();
    report.ways();
    report.write();
  }

  private void stages() throws IOException {
    JsonArray stages = new JsonArray();
    text.append(String.format("%-10s %-22s %8s  %s%n", "STAGE", "RESULT", "SECONDS", "LAST LINE"));
    for (String line : Files.readAllLines(folder.resolve("stages.tsv"))) {
      String[] fields = line.split("\t");
      JsonObject stage = new JsonObject();
      stage.addProperty("stage", fields[0]);
      stage.addProperty("result", fields[1]);
      stage.addProperty("seconds", Double.parseDouble(fields[2]));
      stages.add(stage);
      text.append(
          String.format(
              "%-10s %-22s %8s  %s%n", fields[0], fields[1], fields[2], lastLine(fields[0])));
    }
    all.add("stages", stages);
  }

  private String lastLine(String stage) throws IOException {
    Path log = folder.resolve(stage + ".log");
    if (!Files.exists(log)) {
      return "";
    }
    List<String> lines = Files.readAllLines(log).stream().filter(l -> !l.isBlank()).toList();
    String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
    return last.substring(0, Math.min(100, last.length()));
  }

  /** A stage that was cut short can leave half a file; the others count all the same. */
  private void attach(String name) throws IOException {
    Path file = folder.resolve(name + ".json");
    if (Files.exists(file)) {
      try {
        all.add(name, JsonParser.parseString(Files.readString(file)));
      } catch (RuntimeException e) {
        all.addProperty(name, "not readable: " + e.getMessage());
      }
    }
  }

  private void times() {
    Map<String, Map<String, String>> rows = new TreeMap<>();
    collect("bench", "kiln", rows);
    collect("peers", "pytorch", rows);
    if (rows.isEmpty()) {
      return;
    }
    text.append(
        String.format("%nMedian ms; speed-up: the fastest of PyTorch over the faster of Kiln%n"));
    text.append(String.format("%-28s", "WORK"));
    COLUMNS.forEach(c -> text.append(String.format("%17s", c)));
    text.append(String.format("%10s%n", "speed-up"));
    rows.forEach(
        (work, cells) -> {
          text.append(String.format("%-28s", work));
          COLUMNS.forEach(c -> text.append(String.format("%17s", cells.getOrDefault(c, "-"))));
          text.append(String.format("%10s%n", speedUp(cells)));
        });
  }

  /** A line for each result, with the time of every way to it, the fastest marked. */
  private void ways() {
    Map<String, Map<String, Double>> rows = new TreeMap<>();
    for (JsonObject line : results("ways")) {
      String name = line.get("work").getAsString();
      int dot = name.lastIndexOf('.');
      double time =
          line.has("median_ms") ? line.get("median_ms").getAsDouble() : Double.POSITIVE_INFINITY;
      rows.computeIfAbsent(
              name.substring(0, dot) + " " + line.get("precision").getAsString(),
              k -> new TreeMap<>())
          .put(name.substring(dot + 1), time);
    }
    if (rows.isEmpty()) {
      return;
    }
    text.append(String.format("%nTwo ways to the same, median ms; * the fastest%n"));
    rows.forEach(
        (what, times) -> {
          double best = times.values().stream().min(Double::compare).orElseThrow();
          text.append(String.format("%-52s", what));
          times.forEach(
              (way, ms) ->
                  text.append(
                      Double.isInfinite(ms)
                          ? String.format("%11s failed   ", way)
                          : String.format(
                              Locale.ROOT, "%11s %8.4f%s", way, ms, ms == best ? "*" : " ")));
          text.append(String.format("%n"));
        });
  }

  /** The lines of a file of times; none where there is no such file. */
  private List<JsonObject> results(String file) {
    if (!all.has(file) || !all.get(file).isJsonObject()) {
      return List.of();
    }
    List<JsonObject> lines = new ArrayList<>();
    for (JsonElement e : all.getAsJsonObject(file).getAsJsonArray("results")) {
      lines.add(e.getAsJsonObject());
    }
    return lines;
  }

  private void collect(String file, String framework, Map<String, Map<String, String>> rows) {
    for (JsonObject line : results(file)) {
      String row = line.get("work").getAsString() + " " + line.get("precision").getAsString();
      String cell =
          line.has("median_ms")
              ? String.format(Locale.ROOT, "%.4f", line.get("median_ms").getAsDouble())
              : "failed";
      rows.computeIfAbsent(row, k -> new TreeMap<>())
          .put(framework + " " + line.get("mode").getAsString(), cell);
    }
  }

  private static String speedUp(Map<String, String> cells) {
    double kiln = fastest(cells, COLUMNS.subList(0, 2));
    double peer = fastest(cells, COLUMNS.subList(2, COLUMNS.size()));
    return Double.isFinite(kiln) && Double.isFinite(peer)
        ? String.format(Locale.ROOT, "%.2f", peer / kiln)
        : "-";
  }

  private static double fastest(Map<String, String> cells, List<String> columns) {
    List<Double> times = new ArrayList<>(List.of(Double.POSITIVE_INFINITY));
    for (String column : columns) {
      String cell = cells.getOrDefault(column, "-");
      if (Character.isDigit(cell.charAt(0))) {
        times.add(Double.parseDouble(cell));
      }
    }
    times.sort(null);
    return times.get(0);
  }

  private void write() throws IOException {
    Files.writeString(
        folder.resolve("result.json"),
        new GsonBuilder()
            .serializeSpecialFloatingPointValues()
            .setPrettyPrinting()
            .create()
            .toJson(all));
    Files.writeString(folder.resolve("result.txt"), text.toString());
    System.out.print(text);
  }
}
