package dev.kiln.io;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.kiln.Device;
import dev.kiln.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Tensors and a description that belong together: {@code NAME.safetensors} and {@code NAME.json}
 * beside it.
 *
 * <p>The safetensors file carries the description in its metadata too and is written in one step,
 * so a checkpoint is never half old and half new: what is loaded is the copy inside. The JSON file
 * beside it is for people and other tools; it is read only if the tensors came without a
 * description.
 *
 * @param tensors by name, released by the scope they were loaded in
 * @param json the description; empty if there is none
 */
public record Checkpoint(Map<String, Tensor> tensors, JsonObject json) {
  private static final String KEY = "kiln";
  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().serializeSpecialFloatingPointValues().create();

  /**
   * Saves a checkpoint; an older one of that name is replaced whole or not at all.
   *
   * @param path the safetensors file; missing folders are made
   * @param tensors by name
   * @param json the description
   * @throws ModelFileException if it cannot be written
   */
  public static void save(Path path, Map<String, Tensor> tensors, JsonObject json) {
    saveAlone(path, tensors, json);
    AtomicFiles.write(jsonPath(path), GSON.toJson(json) + "\n");
  }

  /**
   * Saves a checkpoint without the JSON file beside it.
   *
   * @param path the safetensors file; missing folders are made
   * @param tensors by name
   * @param json the description
   * @throws ModelFileException if it cannot be written
   */
  public static void saveAlone(Path path, Map<String, Tensor> tensors, JsonObject json) {
    Safetensors.save(tensors, path, Map.of(KEY, GSON.toJson(json)));
  }

  /**
   * Loads a checkpoint, or any other safetensors file.
   *
   * @param path the safetensors file
   * @param device where the tensors go
   * @return tensors and description
   * @throws ModelFileException if there is no such file, or it is damaged
   */
  public static Checkpoint load(Path path, Device device) {
    Safetensors.Contents contents = Safetensors.load(path, device);
    return new Checkpoint(contents.tensors(), description(path, contents.metadata()));
  }

  /**
   * Reads a checkpoint's description alone.
   *
   * @param path the safetensors file
   * @return the description; empty if there is none
   * @throws ModelFileException if there is no such file, or it is damaged
   */
  public static JsonObject describe(Path path) {
    return description(path, Safetensors.metadata(path));
  }

  /**
   * Names the JSON file beside a safetensors file.
   *
   * @param path the safetensors file
   * @return the same path with the ending {@code .json}
   */
  public static Path jsonPath(Path path) {
    String name = path.getFileName().toString();
    String stem =
        name.endsWith(".safetensors")
            ? name.substring(0, name.length() - ".safetensors".length())
            : name;
    return path.resolveSibling(stem + ".json");
  }

  private static JsonObject description(Path path, Map<String, String> metadata) {
    String text = metadata.get(KEY);
    Path source = path;
    if (text == null) {
      source = jsonPath(path);
      if (!Files.isRegularFile(source)) {
        return new JsonObject();
      }
      try {
        text = Files.readString(source);
      } catch (IOException e) {
        throw new ModelFileException(
            "[load] cannot read " + source + ": " + e.getMessage() + "; check its permissions", e);
      }
    }
    try {
      return JsonParser.parseString(text).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new ModelFileException(
          "[load] the description in " + source + " is no JSON object; save the model again", e);
    }
  }
}
