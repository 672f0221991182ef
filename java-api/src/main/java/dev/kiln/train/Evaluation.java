package dev.kiln.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a model scored on a data set.
 *
 * @param loss the mean loss over all examples
 * @param metrics the metrics' values by name, in the trainer's order
 * @param samples how many examples there were
 * @param seconds how long it took
 * @param confusion the counts, if a {@link ConfusionMatrix} was among the metrics
 */
public record Evaluation(
    double loss,
    Map<String, Double> metrics,
    long samples,
    double seconds,
    Optional<ConfusionTable> confusion) {

  /** Makes an evaluation; the map is copied. */
  public Evaluation {
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /**
   * Returns loss and metrics by name.
   *
   * @return {@code loss} first
   */
  public Map<String, Double> values() {
    Map<String, Double> all = new LinkedHashMap<>();
    all.put("loss", loss);
    all.putAll(metrics);
    return all;
  }

  /** Returns loss, metrics and speed on one line. */
  @Override
  public String toString() {
    StringBuilder s = new StringBuilder();
    values().forEach((name, v) -> s.append(name).append(' ').append(Format.number(v)).append("  "));
    return s.append(String.format(Locale.ROOT, "%d samples in %.1f s", samples, seconds))
        .toString();
  }
}
