package dev.kiln.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** Scores as a table: a line for each work, framework and device. */
final class ComparisonTable {
  private static final String WIDEST = "W6.conv.backward";

  private static final String HEAD =
      String.format(
          "%-10s %-7s %10s %8s %9s %10s %-7s %7s %9s %10s %11s%n",
          "FRAMEWORK",
          "DEVICE",
          "MEDIAN ms",
          "SPREAD",
          "vs PEER",
          "RATE",
          "UNIT",
          "% PEAK",
          "MEMORY",
          "FIRST ms",
          "HEAP/STEP");

  private final List<Score> scores;
  private final Map<String, Score> peaks;

  ComparisonTable(List<Score> scores, Map<String, Score> peaks) {
    this.scores = scores;
    this.peaks = peaks;
  }

  String text() {
    StringBuilder text = new StringBuilder();
    Map<String, String> versions = new TreeMap<>();
    scores.forEach(
        s -> versions.put(s.contestant().name() + " on " + s.contestant().device(), s.version()));
    versions.forEach((who, version) -> text.append(who).append(": ").append(version).append('\n'));
    peaks.forEach(
        (name, s) -> {
          if (s.failure().isEmpty()) {
            text.append(String.format(Locale.ROOT, "%s: %.1f %s%n", name, s.bestRate(), unit(s)));
          }
        });
    text.append('\n').append(work("WORK")).append(HEAD);
    String last = "";
    for (Score s : scores) {
      String work = s.task().name();
      text.append(work.equals(last) || last.isEmpty() ? "" : "\n").append(line(s));
      last = work;
    }
    return text.append(
            "\nvs PEER: the fastest peer's median over this one's; above 1 is faster than every peer\n"
                + "(a peer's own line: than every other). SPREAD: the middle half of the samples.\n"
                + "MEMORY: device memory on a GPU, else resident memory of the process, its peak.\n")
        .toString();
  }

  private String line(Score s) {
    String head =
        work(s.task().name())
            + String.format("%-10s %-7s ", s.contestant().name(), s.contestant().device());
    if (s.failure().isPresent()) {
      return head + "- " + s.failure().get() + "\n";
    }
    OptionalDouble peer = fastestOtherPeer(s);
    return head
        + String.format(
            Locale.ROOT,
            "%10.4f %6.1f %% %9s %10.1f %-7s %7s %6d MB %10.1f %11s%n",
            s.samples().median(),
            100 * s.samples().spread(),
            peer.isPresent() ? number("%.2f", peer.getAsDouble() / s.samples().median()) : "-",
            s.rate(),
            unit(s),
            percent(s),
            s.memoryBytes() >> 20,
            s.firstMs(),
            s.contestant().isKiln() ? number("%.1f KiB", s.heapBytes() / 1024) : "-");
  }

  /** The first column, as wide as the longest name needs. */
  private String work(String name) {
    int width = scores.stream().mapToInt(s -> s.task().name().length()).max().orElse(0);
    return String.format("%-" + Math.max(width, WIDEST.length()) + "s ", name);
  }

  private OptionalDouble fastestOtherPeer(Score of) {
    return scores.stream()
        .filter(s -> s.task().equals(of.task()) && !s.contestant().isKiln() && s != of)
        .filter(s -> s.failure().isEmpty())
        .mapToDouble(s -> s.samples().median())
        .min();
  }

  private String percent(Score s) {
    String which = s.task().flops() > 0 ? Peak.FLOPS : Peak.BYTES;
    Score peak = peaks.get(s.contestant().device() + " " + which);
    return peak == null || peak.failure().isPresent()
        ? "-"
        : number("%.1f", 100 * s.rate() / peak.bestRate());
  }

  private static String unit(Score s) {
    return s.task().flops() > 0 ? "GFLOP/s" : "GB/s";
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
