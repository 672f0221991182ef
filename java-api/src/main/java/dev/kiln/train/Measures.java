package dev.kiln.train;

import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The mean loss and the metrics of one pass over data; nothing waits but the reading methods. */
final class Measures {
  private final MeanLoss loss = MeanLoss.of("loss", (output, target) -> output);
  private final List<Metric> metrics = new ArrayList<>();

  Measures(List<Supplier<? extends Metric>> makers) {
    makers.forEach(m -> metrics.add(m.get()));
  }

  void add(Tensor batchLoss, Tensor output, Tensor target, long size) {
    loss.add(batchLoss, size);
    Tensor cut = output.detach();
    metrics.forEach(m -> m.update(cut, target));
  }

  double loss() {
    return loss.compute();
  }

  Map<String, Double> values() {
    Map<String, Double> values = new LinkedHashMap<>();
    metrics.forEach(m -> values.put(m.name(), m.compute()));
    return values;
  }

  Optional<ConfusionTable> confusion() {
    return metrics.stream()
        .filter(ConfusionMatrix.class::isInstance)
        .map(m -> ((ConfusionMatrix) m).table())
        .findFirst();
  }

  void reset() {
    loss.reset();
    metrics.forEach(Metric::reset);
  }

  /** Returns all sums by name, for a checkpoint. */
  Map<String, Tensor> state() {
    Map<String, Tensor> all = new LinkedHashMap<>();
    loss.state().forEach((name, t) -> all.put("loss." + name, t));
    for (int i = 0; i < metrics.size(); i++) {
      String prefix = prefix(i);
      metrics.get(i).state().forEach((name, t) -> all.put(prefix + name, t));
    }
    return all;
  }

  void restore(Map<String, Tensor> saved) {
    loss.restore(under("loss.", saved));
    for (int i = 0; i < metrics.size(); i++) {
      metrics.get(i).restore(under(prefix(i), saved));
    }
  }

  private String prefix(int i) {
    return i + "." + metrics.get(i).name() + ".";
  }

  /** Picks the entries whose names start with a prefix, and takes it off. */
  static Map<String, Tensor> under(String prefix, Map<String, Tensor> all) {
    Map<String, Tensor> part = new LinkedHashMap<>();
    all.forEach(
        (name, t) -> {
          if (name.startsWith(prefix)) {
            part.put(name.substring(prefix.length()), t);
          }
        });
    return part;
  }
}
