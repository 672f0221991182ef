package dev.kiln.train;

import com.google.gson.JsonObject;
import dev.kiln.data.DataLoader;
import java.util.LinkedHashMap;
import java.util.Map;

/** What decides which examples are in which step: the same order is needed to go on exactly. */
final class DataOrder {
  private static final String STEPS = "steps per epoch";

  private final Map<String, String> parts;

  private DataOrder(Map<String, String> parts) {
    this.parts = parts;
  }

  /**
   * Describes the order of a loader's examples.
   *
   * @param data the loader
   * @param steps the optimizer's steps in an epoch of it
   */
  static DataOrder of(DataLoader data, int steps) {
    Map<String, String> parts = new LinkedHashMap<>();
    parts.put("batch size", Integer.toString(data.batchSize()));
    parts.put("examples", Integer.toString(data.dataset().size()));
    String seed = data.shuffleSeed().isPresent() ? "" + data.shuffleSeed().getAsLong() : "none";
    parts.put("shuffle seed", seed);
    parts.put("drop last", Boolean.toString(data.dropsLast()));
    parts.put(STEPS, Integer.toString(steps));
    return new DataOrder(parts);
  }

  /** Reads what {@link #json} wrote; older files know the number of steps alone. */
  static DataOrder of(JsonObject json) {
    Map<String, String> parts = new LinkedHashMap<>();
    json.entrySet().forEach(e -> parts.put(e.getKey(), e.getValue().getAsString()));
    return new DataOrder(parts);
  }

  /** Returns an order of which the steps in an epoch are known, nothing else. */
  static DataOrder ofSteps(int steps) {
    return new DataOrder(Map.of(STEPS, Integer.toString(steps)));
  }

  JsonObject json() {
    JsonObject json = new JsonObject();
    parts.forEach(json::addProperty);
    return json;
  }

  /** Tells whether nothing that both know differs. */
  boolean fits(DataOrder other) {
    return parts.entrySet().stream()
        .allMatch(e -> e.getValue().equals(other.parts.getOrDefault(e.getKey(), e.getValue())));
  }

  /**
   * Refuses data that come in another order than those that training began with.
   *
   * @param progress where training stopped
   * @throws ResumeException with the first difference
   */
  void require(DataOrder here, Progress progress) {
    parts.forEach(
        (name, saved) -> {
          String found = here.parts.getOrDefault(name, saved);
          if (!found.equals(saved)) {
            throw new ResumeException(
                "[fit] training stopped after step %d with %s %s but these data have %s; go on with"
                        .formatted(progress.globalStep, name, saved, found)
                    + " the same data, batch size and shuffle seed, or begin a new run with the"
                    + " weights alone: Trainer.loadWeights");
          }
        });
  }
}
