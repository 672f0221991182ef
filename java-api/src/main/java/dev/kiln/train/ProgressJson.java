package dev.kiln.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Writes and reads {@link Progress}; numbers are texts so that NaN survives and no bit is lost. */
final class ProgressJson {
  private ProgressJson() {}

  static JsonObject write(Progress p) {
    JsonObject json = new JsonObject();
    json.addProperty("step", p.step);
    json.addProperty("samples", p.samples);
    json.addProperty("seconds", p.seconds);
    json.addProperty("globalStep", p.globalStep);
    JsonArray epochs = new JsonArray();
    p.records.forEach(r -> epochs.add(record(r)));
    json.add("epochs", epochs);
    return json;
  }

  private static JsonObject record(EpochRecord r) {
    JsonObject json = new JsonObject();
    json.addProperty("epoch", r.epoch());
    json.addProperty("loss", Double.toString(r.loss()));
    json.add("metrics", values(r.metrics()));
    r.validation().ifPresent(v -> json.add("validation", evaluation(v)));
    json.addProperty("lr", Double.toString(r.lr()));
    json.addProperty("seconds", Double.toString(r.seconds()));
    json.addProperty("samplesPerSecond", Double.toString(r.samplesPerSecond()));
    return json;
  }

  private static JsonObject evaluation(Evaluation e) {
    JsonObject json = new JsonObject();
    json.addProperty("loss", Double.toString(e.loss()));
    json.add("metrics", values(e.metrics()));
    json.addProperty("samples", e.samples());
    json.addProperty("seconds", Double.toString(e.seconds()));
    return json;
  }

  private static JsonObject values(Map<String, Double> values) {
    JsonObject json = new JsonObject();
    values.forEach((name, v) -> json.addProperty(name, Double.toString(v)));
    return json;
  }

  static void read(JsonObject json, Progress p) {
    p.step = json.get("step").getAsInt();
    p.samples = json.get("samples").getAsLong();
    p.seconds = json.get("seconds").getAsDouble();
    p.globalStep = json.get("globalStep").getAsLong();
    p.records.clear();
    for (JsonElement e : json.getAsJsonArray("epochs")) {
      p.records.add(record(e.getAsJsonObject()));
    }
  }

  private static EpochRecord record(JsonObject json) {
    return new EpochRecord(
        json.get("epoch").getAsInt(),
        json.get("loss").getAsDouble(),
        values(json.getAsJsonObject("metrics")),
        Optional.ofNullable(json.getAsJsonObject("validation")).map(ProgressJson::evaluation),
        json.get("lr").getAsDouble(),
        json.get("seconds").getAsDouble(),
        json.get("samplesPerSecond").getAsDouble());
  }

  /** The counts of a confusion matrix are not kept. */
  private static Evaluation evaluation(JsonObject json) {
    return new Evaluation(
        json.get("loss").getAsDouble(),
        values(json.getAsJsonObject("metrics")),
        json.get("samples").getAsLong(),
        json.get("seconds").getAsDouble(),
        Optional.empty());
  }

  private static Map<String, Double> values(JsonObject json) {
    Map<String, Double> values = new LinkedHashMap<>();
    json.entrySet().forEach(e -> values.put(e.getKey(), e.getValue().getAsDouble()));
    return values;
  }
}
