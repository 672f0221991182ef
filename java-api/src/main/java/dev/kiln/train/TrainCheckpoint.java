package dev.kiln.train;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.kiln.KilnException;
import dev.kiln.Precision;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.data.augment.Augment;
import dev.kiln.io.Checkpoint;
import dev.kiln.nn.Module;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a trainer saves so that a resumed run gives the same bits as an unbroken one. */
final class TrainCheckpoint {
  private static final String KIND = "kiln-training";
  private static final int VERSION = 1;
  private static final String MODEL = "model.";
  private static final String OPTIMIZER = "optimizer.";
  private static final String MEASURES = "measures.";
  private static final String SCALER = "scaler.";

  private static final Gson GSON = new GsonBuilder().serializeSpecialFloatingPointValues().create();

  private TrainCheckpoint() {}

  static void save(Path path, Trainer trainer) {
    Settings s = trainer.settings();
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    s.model().stateDict().forEach((name, t) -> tensors.put(MODEL + name, t));
    s.optimizer().state().forEach((name, t) -> tensors.put(OPTIMIZER + name, t));
    s.scaler().ifPresent(x -> x.state().forEach((name, t) -> tensors.put(SCALER + name, t)));
    trainer.training().state().forEach((name, t) -> tensors.put(MEASURES + name, t));
    JsonArray callbacks = new JsonArray();
    for (int i = 0; i < s.callbacks().size(); i++) {
      Callback c = s.callbacks().get(i);
      String prefix = callbackPrefix(i);
      c.tensors().forEach((name, t) -> tensors.put(prefix + name, t));
      callbacks.add(callback(c));
    }
    JsonObject json = new JsonObject();
    json.addProperty("kind", KIND);
    json.addProperty("version", VERSION);
    json.add("optimizer", GSON.toJsonTree(s.optimizer().hyperParameters()));
    JsonArray schedules = new JsonArray();
    s.schedules().forEach(x -> schedules.add(GSON.toJsonTree(x.scheduler().state())));
    json.add("schedules", schedules);
    json.add("progress", ProgressJson.write(trainer.progress()));
    trainer.order().ifPresent(order -> json.add("data", order.json()));
    json.addProperty("accumulate", s.accumulate());
    json.addProperty("precision", s.precision().name());
    json.add("same", GSON.toJsonTree(choices(s)));
    json.add("generator", numbers(s.device().generator().state()));
    json.add("callbacks", callbacks);
    if (Checkpoints.names(path.getFileName().toString())) {
      Checkpoint.saveAlone(path, tensors, json); // one file to keep or to delete, no second
    } else {
      Checkpoint.save(path, tensors, json);
    }
  }

  private static JsonObject callback(Callback c) {
    JsonObject json = new JsonObject();
    json.addProperty("type", c.getClass().getName());
    JsonObject state = new JsonObject();
    c.state().forEach(state::addProperty);
    json.add("state", state);
    return json;
  }

  private static String callbackPrefix(int i) {
    return "callbacks." + i + ".";
  }

  private static JsonArray numbers(long[] values) {
    JsonArray array = new JsonArray();
    for (long v : values) {
      array.add(v);
    }
    return array;
  }

  static void load(Path path, Trainer trainer) {
    Settings s = trainer.settings();
    try (Scope scope = Scope.open("resume");
        NoGrad off = NoGrad.open()) {
      Checkpoint saved = Checkpoint.load(path, s.device());
      JsonObject json = saved.json();
      check(path, s, json);
      Map<String, Tensor> tensors = saved.tensors();
      Map<String, Tensor> model = Measures.under(MODEL, tensors);
      JsonArray schedules = json.getAsJsonArray("schedules");
      requireSame(path, s.model().stateDict(), model);
      // Schedules may set rates as they load; those that the optimizer was saved with hold.
      loadSchedules(s, schedules);
      s.optimizer()
          .load(map(json.getAsJsonObject("optimizer")), Measures.under(OPTIMIZER, tensors));
      s.model().loadStateDict(model);
      s.scaler().ifPresent(x -> x.load(Measures.under(SCALER, tensors)));
      trainer.training().restore(Measures.under(MEASURES, tensors));
      ProgressJson.read(json.getAsJsonObject("progress"), trainer.progress());
      order(json).ifPresent(trainer::resumed);
      s.device().generator().restore(longs(json.getAsJsonArray("generator")));
      restoreCallbacks(s, json.getAsJsonArray("callbacks"), tensors);
    }
  }

  private static void loadSchedules(Settings s, JsonArray saved) {
    for (int i = 0; i < s.schedules().size(); i++) {
      s.schedules().get(i).scheduler().load(map(saved.get(i).getAsJsonObject()));
    }
  }

  static void loadWeights(Path path, Module model) {
    try (Scope scope = Scope.open("load weights")) {
      Checkpoint saved = Checkpoint.load(path, model.device());
      model.loadStateDict(
          isTraining(saved.json()) ? Measures.under(MODEL, saved.tensors()) : saved.tensors());
    }
  }

  /** How far a checkpoint had come, without its tensors. */
  static Optional<Progress> progress(Path path) {
    JsonObject json = Checkpoint.describe(path);
    if (!isTraining(json)) {
      return Optional.empty();
    }
    Progress p = new Progress();
    ProgressJson.read(json.getAsJsonObject("progress"), p);
    return Optional.of(p);
  }

  private static boolean isTraining(JsonObject json) {
    return json.has("kind") && json.get("kind").getAsString().equals(KIND);
  }

  private static void check(Path path, Settings s, JsonObject json) {
    if (!isTraining(json)) {
      throw new KilnException(
          "[resume] %s is no training checkpoint; load weights alone with Trainer.loadWeights"
              .formatted(path));
    }
    int version = json.get("version").getAsInt();
    if (version > VERSION) {
      throw new KilnException(
          "[resume] %s is of version %d but this Kiln reads up to %d; use a newer Kiln"
              .formatted(path, version, VERSION));
    }
    requireEqual(path, "accumulate", json.get("accumulate").getAsInt(), (Integer) s.accumulate());
    List<String> saved = new ArrayList<>();
    for (JsonElement e : json.getAsJsonArray("schedules")) {
      saved.add(e.getAsJsonObject().get("kind").getAsString());
    }
    List<String> here = s.schedules().stream().map(x -> x.scheduler().kind()).toList();
    requireEqual(path, "schedules", saved, here);
    requireEqual(path, "precision", precision(json), s.precision().name());
    if (json.has("same")) {
      JsonObject chosen = json.getAsJsonObject("same");
      choices(s)
          .forEach((what, own) -> requireEqual(path, what, chosen.get(what).getAsString(), own));
    }
  }

  /** What decides the values of a run beside the parts that have a state, in words. */
  private static Map<String, String> choices(Settings s) {
    Map<String, String> all = new LinkedHashMap<>();
    Settings.Clip clip = s.clip();
    boolean clips = clip.kind() != Settings.Clip.Kind.NONE;
    all.put(
        "clipping",
        clip.kind().name().toLowerCase(Locale.ROOT) + (clips ? " " + clip.limit() : ""));
    all.put("augmentation", s.augment().map(Augment::policy).orElse("none"));
    all.put("augmentation seed", s.augment().map(a -> Long.toString(a.seed())).orElse("none"));
    return all;
  }

  /** Checkpoints from before the order was saved know the number of steps; 0 before training. */
  private static Optional<DataOrder> order(JsonObject json) {
    if (json.has("data")) {
      return Optional.of(DataOrder.of(json.getAsJsonObject("data")));
    }
    int steps = json.has("steps") ? json.get("steps").getAsInt() : 0;
    return steps > 0 ? Optional.of(DataOrder.ofSteps(steps)) : Optional.empty();
  }

  /** Checkpoints from before there was a choice are of FLOAT32. */
  private static String precision(JsonObject json) {
    return json.has("precision") ? json.get("precision").getAsString() : Precision.FP32.name();
  }

  private static void requireEqual(Path path, String what, Object saved, Object here) {
    if (!saved.equals(here)) {
      throw new ResumeException(
          "[resume] %s was saved with %s %s but this trainer has %s; build it the same way, or begin"
                  .formatted(path, what, saved, here)
              + " a new run with the weights alone: Trainer.loadWeights");
    }
  }

  /** Checks the model's names and shapes before anything is changed. */
  private static void requireSame(Path path, Map<String, Tensor> here, Map<String, Tensor> saved) {
    Set<String> differ = new LinkedHashSet<>(here.keySet());
    differ.addAll(saved.keySet());
    differ.removeIf(
        name ->
            here.containsKey(name)
                && saved.containsKey(name)
                && here.get(name).shape().equals(saved.get(name).shape()));
    if (!differ.isEmpty()) {
      throw new ResumeException(
          "[resume] the model in %s differs from this one at %s; build the same model"
              .formatted(path, String.join(", ", differ)));
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(JsonObject json) {
    return GSON.fromJson(json, Map.class);
  }

  /** Gives each callback its state back: the first saved one of its type that is not yet taken. */
  private static void restoreCallbacks(Settings s, JsonArray saved, Map<String, Tensor> tensors) {
    boolean[] taken = new boolean[saved.size()];
    for (Callback c : s.callbacks()) {
      for (int i = 0; i < saved.size(); i++) {
        JsonObject json = saved.get(i).getAsJsonObject();
        if (!taken[i] && json.get("type").getAsString().equals(c.getClass().getName())) {
          taken[i] = true;
          Map<String, String> state = new LinkedHashMap<>();
          json.getAsJsonObject("state")
              .entrySet()
              .forEach(e -> state.put(e.getKey(), e.getValue().getAsString()));
          Map<String, Tensor> own = Measures.under(callbackPrefix(i), tensors);
          if (!state.isEmpty() || !own.isEmpty()) {
            c.restore(state, own);
          }
          break;
        }
      }
    }
  }

  private static long[] longs(JsonArray array) {
    long[] values = new long[array.size()];
    int i = 0;
    for (JsonElement e : array) {
      values[i++] = e.getAsLong();
    }
    return values;
  }
}
