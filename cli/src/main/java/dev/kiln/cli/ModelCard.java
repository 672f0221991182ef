package dev.kiln.cli;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.io.Checkpoint;
import dev.kiln.io.ModelFileException;
import dev.kiln.nn.Module;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What a saved model is and what its inputs and outputs mean; the description in a model file.
 *
 * @param model the architecture
 * @param input the size of an image: channels, rows, columns
 * @param classes the names of the classes
 * @param dataset what it was trained on
 * @param mean of the pixels, per channel, on the scale 0 to 1
 * @param std their standard deviations
 * @param seed of the training, and so of the split of the user's own pictures
 */
record ModelCard(
    ModelChoice model,
    int[] input,
    List<String> classes,
    DatasetChoice dataset,
    float[] mean,
    float[] std,
    long seed) {
  private static final String KIND = "kiln-model";
  private static final int VERSION = 1;

  static ModelCard of(ModelChoice model, DatasetChoice dataset, Corpus data, long seed) {
    int[] input = {data.channels(), data.height(), data.width()};
    return new ModelCard(model, input, data.classes(), dataset, data.mean(), data.std(), seed);
  }

  /** Builds the model with fresh weights on the default device. */
  Module build() {
    return model.build(input[0], input[1], classes.size());
  }

  /** Demands that data have the images and classes that the model knows. */
  void requireFit(Path file, Corpus data) {
    int[] size = {data.channels(), data.height(), data.width()};
    if (!Arrays.equals(size, input)) {
      throw new Failure(
          ExitCode.MODEL,
          "[model] "
              + file
              + " is for images of "
              + Arrays.toString(input)
              + " (channels, rows, columns) but the data have "
              + Arrays.toString(size));
    }
    if (!data.classes().equals(classes)) {
      throw new Failure(
          ExitCode.MODEL,
          "[model] "
              + file
              + " knows the classes "
              + classes
              + " but the data have "
              + data.classes());
    }
  }

  /** Returns the description, to which the caller may add. */
  JsonObject toJson() {
    Gson gson = new Gson();
    JsonObject json = new JsonObject();
    json.addProperty("kind", KIND);
    json.addProperty("version", VERSION);
    json.addProperty("model", model.toString());
    json.add("input", gson.toJsonTree(input));
    json.add("classes", gson.toJsonTree(classes));
    json.addProperty("dataset", dataset.toString());
    json.add("mean", gson.toJsonTree(mean));
    json.add("std", gson.toJsonTree(std));
    json.addProperty("seed", seed);
    return json;
  }

  /** The fields as they stand in JSON; anything may be missing. */
  private static final class Raw {
    private String kind;
    private int version;
    private String model;
    private int[] input;
    private List<String> classes;
    private String dataset;
    private float[] mean;
    private float[] std;
    private long seed;
  }

  /**
   * Reads the description of a saved model.
   *
   * @throws ModelFileException if it is none, or not that of a model
   */
  static ModelCard read(Path file, JsonObject json) {
    Raw raw;
    try {
      raw = new Gson().fromJson(json, Raw.class);
    } catch (JsonParseException e) {
      throw wrong(file, "its description is damaged: " + e.getMessage());
    }
    if ("kiln-training".equals(raw.kind)) {
      throw wrong(
          file, "it is a checkpoint of a training run; the model is model.safetensors beside it");
    }
    if (!KIND.equals(raw.kind)) {
      throw wrong(
          file,
          "it does not say which model its weights are for; give a model that kiln train saved");
    }
    if (raw.version > VERSION) {
      throw wrong(file, "it is of version " + raw.version + "; use a newer kiln");
    }
    boolean whole =
        raw.input != null
            && raw.input.length == 3
            && Arrays.stream(raw.input).allMatch(n -> n > 0 && n <= 1 << 14)
            && raw.input[1] == raw.input[2]
            && raw.classes != null
            && !raw.classes.isEmpty()
            && raw.mean != null
            && raw.std != null
            && raw.mean.length == raw.input[0]
            && raw.std.length == raw.input[0];
    if (!whole) {
      throw wrong(file, "its description lacks input, classes, mean or std, or they do not fit");
    }
    return new ModelCard(
        choice(file, ModelChoice.values(), raw.model),
        raw.input,
        List.copyOf(raw.classes),
        choice(file, DatasetChoice.values(), raw.dataset),
        raw.mean,
        raw.std,
        raw.seed);
  }

  private static <E extends Enum<E>> E choice(Path file, E[] values, String text) {
    return Arrays.stream(values)
        .filter(v -> v.toString().equals(text))
        .findFirst()
        .orElseThrow(
            () -> wrong(file, "\"" + text + "\" is none of " + Arrays.toString(values) + " here"));
  }

  private static ModelFileException wrong(Path file, String why) {
    return new ModelFileException("[model] " + file + " cannot be used: " + why);
  }

  /** A model with what is known about it. */
  record Loaded(ModelCard card, Module model) {}

  /**
   * Loads a model; a folder stands for the model.safetensors in it.
   *
   * @throws Failure if it cannot be loaded
   */
  static Loaded load(Path path, Device device) {
    Path file = Files.isDirectory(path) ? path.resolve("model.safetensors") : path;
    return Failure.as(
        ExitCode.MODEL,
        () -> {
          ModelCard card = read(file, Checkpoint.describe(file));
          Device.setDefault(device);
          Module model = card.build();
          try (Scope scope = Scope.open("load")) {
            model.loadStateDict(Checkpoint.load(file, device).tensors());
          } catch (ModelFileException e) {
            throw e;
          } catch (KilnException e) {
            throw wrong(file, e.getMessage());
          }
          return new Loaded(card, model.eval());
        });
  }
}
